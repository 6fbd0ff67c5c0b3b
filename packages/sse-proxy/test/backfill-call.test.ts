import { expect } from 'chai';
import { BackfillCall } from '../src/feed/relay/backfill-call.ts';
import { metaEntry } from '../src/feed/relay/relay-meta.ts';
import type { UpstreamConnection, UpstreamRequest } from '../src/upstream/upstream.ts';
import { idleListener, MemoryLogs } from './support/memory-relay.ts';
import { until } from './support/until.ts';

const bounds = { maxBytes: 1_000, maxAgeMs: 1_000 };
const request = { address: { origin: 'http://upstream', path: '/' }, headers: [] } satisfies UpstreamRequest;

describe('backfill of a browser with id 1 while the leader is connecting', () => {
  /** The backfill, and a record of its calls, in order. */
  async function backfill() {
    const logs = new MemoryLogs();
    const leader = logs.instance().open('feed', bounds, idleListener);
    await leader.lead();
    const calls: string[] = [];
    const relay = logs.instance();
    const onEvents = (data: Buffer) => void calls.push(String(data));
    const feed = { lastId: '1', lastOwnId: '', onEvents, relayGap() {} };
    const handler = { onHeaders: () => calls.push('headers'), onError: () => calls.push('error') };
    const connection: UpstreamConnection = { pause() {}, resume() {}, abort() {} };
    const upstream = { open: () => calls.push('upstream') && connection };
    const relayed = { relay, bounds, keyOf: () => 'feed' };
    const call = new BackfillCall(feed, { parts: { upstream }, relayed, request, handler } as never);
    await until(() => relay.follows('feed'));
    const start = (cursor: string) => metaEntry({ start: { cursor, tail: '', isFresh: false } });
    const close = () => {
      call.abort();
      leader.close();
    };
    return { leader, calls, start, close };
  }

  it('a backfill while the leader connects begins at the leader’s start if that continues the id', async () => {
    const { leader, calls, start, close } = await backfill();
    leader.append(start('1'), true);
    leader.append({ meta: '', data: Buffer.from('id: 2\n\n') });
    await until(() => calls.length === 2);
    close();
    expect(calls).to.deep.equal(['headers', 'id: 2\n\n']);
  });

  it('a backfill while the leader connects requests the upstream if the leader starts behind another id', async () => {
    const { leader, calls, start, close } = await backfill();
    leader.append(start('7'), true);
    await until(() => calls.length === 1);
    close();
    expect(calls).to.deep.equal(['upstream']);
  });
});
