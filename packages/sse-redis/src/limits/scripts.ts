import { Script } from '../connection/script.ts';
import { maxLeaseMs } from '../options.ts';

// Keys of one limiter, all of which begin with ARGV[1]:
//   instances             sorted set: id of an instance → when its lease expires, by the clock of Redis, in ms
//   held:<instance>       hash: counter → open streams of that instance; '' → its registration, a random value that
//                         every command must carry. Expires with the lease
//   opens:<counter>:<window>  list of "<when they leave the window> <number of opens>"
//
// allow-oom: when Redis is full of other data, limits still hold. Their size is bounded by open streams and recent
// opens.
const start = `#!lua flags=allow-oom
local prefix, instance, registration, leaseMs = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local instances, held = prefix .. 'instances', prefix .. 'held:' .. instance
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A lease whose end lies beyond the longest possible lease was left by an instance that died before Redis' clock was
-- set back: ignore it.
local last = string.format('%.0f', now + ${maxLeaseMs})

local function isRegistered()
  local expires = tonumber(redis.call('ZSCORE', instances, instance) or nil)
  return expires and expires > now and redis.call('HGET', held, '') == registration
end

local function extendLease()
  redis.call('ZADD', instances, now + leaseMs, instance)
  redis.call('PEXPIRE', held, leaseMs)
  redis.call('PEXPIRE', instances, leaseMs)
  redis.call('ZREMRANGEBYSCORE', instances, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', instances, '(' .. last, '+inf')
end

local function add(counter, count)
  if redis.call('HINCRBY', held, counter, count) <= 0 then redis.call('HDEL', held, counter) end
end
`;

/**
 * ARGV of every script begins with prefix, instance, registration and lease in ms. This one: then pairs of counter and
 * open streams. They replace what the instance held.
 */
export const register = new Script(`${start}
redis.call('DEL', held)
redis.call('HSET', held, '', registration)
for i = 5, #ARGV, 2 do redis.call('HSET', held, ARGV[i], ARGV[i + 1]) end
extendLease()
return 1`);

/** Returns 0 if the instance is not registered any more. */
export const renew = new Script(`${start}
if not isRegistered() then return 0 end
extendLease()
return 1`);

/** ARGV: then pairs of counter and change. Returns 0 if the instance is not registered any more. */
export const adjust = new Script(`${start}
if not isRegistered() then return 0 end
for i = 5, #ARGV, 2 do add(ARGV[i], ARGV[i + 1]) end
return 1`);

/** Ends the lease. */
export const leave = new Script(`${start}
redis.call('ZREM', instances, instance)
return redis.call('DEL', held)`);

/** First number in the reply of {@link acquire}. */
export const verdicts = { unregistered: 0, granted: 1, total: 2, refused: 3 } as const;

/** Third number in the reply of {@link acquire} if it is `refused`. */
export const refusedKinds = [undefined, 'max', 'opensPerMinute', 'opensPerHour'] as const;

/**
 * ARGV: then total, and for each rule that applies: counter, max, opensPerMinute, opensPerHour; 0 is no bound. Counts a
 * stream if no bound is reached. Returns a verdict; if `refused`, also the rule's place from 1, the kind, and the wait
 * in ms. Decides as the built-in limiter of sse-proxy does: the tests run the same contract against both.
 */
export const acquire = new Script(`${start}
if not isRegistered() then return {${verdicts.unregistered}} end
local ids = redis.call('ZRANGEBYSCORE', instances, '(' .. string.format('%.0f', now), last)

local function open(counter)
  local sum = 0
  for _, id in ipairs(ids) do sum = sum + (tonumber(redis.call('HGET', prefix .. 'held:' .. id, counter) or nil) or 0) end
  return sum
end

local function parse(group)
  local leavesAt, count = string.match(group, '^(%d+) (%d+)$')
  return tonumber(leavesAt), tonumber(count)
end

-- Opens of one key are stored in at most about 256 groups, which leave the window together.
local function sliceOf(most, span)
  return most > 256 and math.ceil(span / 256) or 0
end

local function waitMs(key, most, span)
  local first = redis.call('LINDEX', key, 0)
  while first and parse(first) <= now do
    redis.call('LPOP', key)
    first = redis.call('LINDEX', key, 0)
  end
  local groups, over = redis.call('LRANGE', key, 0, -1), -most
  for _, group in ipairs(groups) do
    local _, count = parse(group)
    over = over + count
  end
  if over < 0 then return 0 end
  for _, group in ipairs(groups) do
    local leavesAt, count = parse(group)
    over = over - count
    if over < 0 then return leavesAt - now end
  end
  return span
end

local function addOpen(key, most, span)
  local slice, last = sliceOf(most, span), redis.call('LINDEX', key, -1)
  local leavesAt, lastLeavesAt, count = now + span + slice, 0, 0
  if last then lastLeavesAt, count = parse(last) end
  if slice > 0 and leavesAt - lastLeavesAt < slice then
    redis.call('LSET', key, -1, string.format('%.0f %d', lastLeavesAt, count + 1))
  else
    redis.call('RPUSH', key, string.format('%.0f 1', leavesAt))
  end
  redis.call('PEXPIRE', key, span + slice)
end

local rules = {}
for i = 6, #ARGV, 4 do
  local opens = prefix .. 'opens:' .. ARGV[i]
  rules[#rules + 1] = {
    counter = ARGV[i],
    max = tonumber(ARGV[i + 1]),
    windows = {
      { kind = 2, key = opens .. ':minute', most = tonumber(ARGV[i + 2]), span = 60000 },
      { kind = 3, key = opens .. ':hour', most = tonumber(ARGV[i + 3]), span = 3600000 },
    },
  }
end

if open('total') >= tonumber(ARGV[5]) then return {${verdicts.total}} end
local refusal
for index, rule in ipairs(rules) do
  local kind, ms
  if rule.max > 0 and open(rule.counter) >= rule.max then kind, ms = 1, 0 end
  for _, window in ipairs(rule.windows) do
    local wait = window.most > 0 and waitMs(window.key, window.most, window.span) or 0
    if wait > (ms or 0) then kind, ms = window.kind, wait end
  end
  if kind then
    refusal = refusal or {${verdicts.refused}, index, kind, 0}
    refusal[4] = math.max(refusal[4], ms)
  end
end
if refusal then return refusal end

add('total', 1)
for _, rule in ipairs(rules) do
  if rule.max > 0 then add(rule.counter, 1) end
  for _, window in ipairs(rule.windows) do
    if window.most > 0 then addOpen(window.key, window.most, window.span) end
  end
end
return {${verdicts.granted}}`);

export const scripts: readonly Script[] = [register, renew, adjust, leave, acquire];
