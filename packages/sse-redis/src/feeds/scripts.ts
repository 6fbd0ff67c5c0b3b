import { Script } from '../connection/script.ts';
import { fields } from './entries.ts';

// Keys of one feed:
//   <stream>        stream of entries; ids as in position.ts
//   <stream>:lease  "<owner> <generation> <id of the newest entry>" while an instance leads. The owner is the life of
//                   the lease in ms, a dot and a random value. Expires
//
// An append compares the whole lease. So an instance whose lease is over can't append; nor can one whose newest entry a
// server has lost.

// A lease that expires later than its length allows was left by a leader that died just before Redis' clock was set
// back: ignore it.
const leaseOf = `
local function leaseOf(key)
  local lease = redis.call('GET', key)
  local ms = lease and tonumber(string.match(lease, '^(%d+)%.'))
  if ms and redis.call('PTTL', key) > ms then return false end
  return lease
end
`;

/**
 * KEYS: lease, stream. ARGV: most entries. Returns the lease or '', and the newest entries, newest first.
 */
export const look = new Script(`${leaseOf}
return { leaseOf(KEYS[1]) or '', redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', ARGV[1]) }`);

/**
 * KEYS: lease, stream. ARGV: owner, the expected id of the newest entry or '' for any, lease in ms, an owner that is
 * replaced or ''. Makes the owner the leader if nobody leads. Returns the id of the newest entry and the generation;
 * only the id if it is not the expected one; nothing if another owner leads.
 */
export const lead = new Script(`${leaseOf}
local lease, former = leaseOf(KEYS[1]), ARGV[4]
if lease and (former == '' or string.sub(lease, 1, #former) ~= former) then return {} end
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local tail = newest and newest[1] or '0-0'
if ARGV[2] ~= '' and ARGV[2] ~= tail then return { tail } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local generation = string.format('%.0f', math.max(now, tonumber(string.match(tail, '^%d+')) + 1))
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. generation .. ' ' .. tail, 'PX', ARGV[3])
return { tail, generation }`);

/** Number of arguments before the entries of a feed in {@link append}. */
export const headLength = 9;

/**
 * KEYS: lease and stream of each feed. ARGV, for each feed: owner and generation, the expected id of the newest entry,
 * lease in ms, life of the stream in ms, 1 to remove all entries before, 1 to stop leading, the first id to keep or '',
 * most bytes or 0 to leave them, number of entries; then for each entry: id, meta, length of its data. Last the data of
 * all entries.
 * Returns for each feed 1, or 0 if the owner does not lead: then nothing is appended.
 */
export const append = new Script(`
local data, at, a, results = ARGV[#ARGV], 1, 1, {}

local function bytesBefore(id) return tonumber(string.match(id, '%d+$')) end

local function trim(stream, least)
  while true do
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if not first or bytesBefore(first[1]) >= least then return end
    local generation = string.match(first[1], '^%d+')
    redis.call('XTRIM', stream, 'MINID', generation .. '-' .. string.format('%.0f', least))
  end
end

for k = 1, #KEYS, 2 do
  local lease, stream = KEYS[k], KEYS[k + 1]
  local leader, tail, leaseMs, keepMs, isReset, isLast, minId, maxBytes, count = unpack(ARGV, a, a + ${headLength - 1})
  a = a + ${headLength}
  local leads = redis.call('GET', lease) == leader .. ' ' .. tail
  local first, id = ARGV[a], tail
  for _ = 1, tonumber(count) do
    local meta, length = ARGV[a + 1], tonumber(ARGV[a + 2])
    id = ARGV[a]
    a = a + 3
    if leads then
      local bytes = string.sub(data, at, at + length - 1)
      if meta == '' then redis.call('XADD', stream, id, '${fields.data}', bytes)
      else redis.call('XADD', stream, id, '${fields.meta}', meta, '${fields.data}', bytes) end
    end
    at = at + length
  end
  if leads then
    if isReset == '1' then redis.call('XTRIM', stream, 'MINID', first) end
    if isLast == '1' then redis.call('DEL', lease)
    else redis.call('SET', lease, leader .. ' ' .. id, 'PX', leaseMs) end
    if minId ~= '' then redis.call('XTRIM', stream, 'MINID', minId) end
    if maxBytes ~= '0' then trim(stream, bytesBefore(id) - tonumber(maxBytes)) end
    redis.call('PEXPIRE', stream, keepMs)
  end
  results[#results + 1] = leads and 1 or 0
end
return results`);

/**
 * KEYS: lease and stream of each feed. ARGV: lease in ms, then for each feed: the lease that this instance holds or '',
 * life of the stream in ms. Extends the leases that are held. Returns for each feed the lease; '' if nobody leads, or
 * if the lease is no longer the one that this instance holds.
 */
export const renew = new Script(`${leaseOf}
local results = {}
for k = 1, #KEYS, 2 do
  local held, keepMs = ARGV[k + 1], ARGV[k + 2]
  local lease = ''
  if held == '' then lease = leaseOf(KEYS[k]) or ''
  elseif redis.call('GET', KEYS[k]) == held then
    redis.call('PEXPIRE', KEYS[k], ARGV[1])
    redis.call('PEXPIRE', KEYS[k + 1], keepMs)
    lease = held
  end
  results[#results + 1] = lease
end
return results`);

/** KEYS: a stream. ARGV: its life in ms. Wakes up the instance that reads it. */
export const wake = new Script(`#!lua flags=allow-oom
redis.call('XADD', KEYS[1], 'MAXLEN', 1, '*', 'w', '')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`);
