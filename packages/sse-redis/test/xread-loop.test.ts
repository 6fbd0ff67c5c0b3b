import type { RelayEntry } from '@datashop/sse-proxy';
import { expect } from 'chai';
import { until } from '../../sse-proxy/test/support/until.ts';
import { SseRedisError } from '../src/errors.ts';
import { parseId } from '../src/feeds/position.ts';
import { XreadLoop } from '../src/feeds/xread-loop.ts';

/** A log that follows from a position, and the entries that it has got. */
function logAt(position: string) {
  const given: string[][] = [];
  const onEntries = (entries: RelayEntry[]) => void given.push(entries.map((entry) => entry.position));
  return { stream: 'feed', after: parseId(position), onEntries, given };
}

describe('the reader of all streams of one process', () => {
  it('a log that starts at an older place gets no entries of a read that began before', async () => {
    const reads: { ids: string[]; answer: (reply: unknown) => void; fail: (error: Error) => void }[] = [];
    const send = (args: string[]) => new Promise((answer, fail) => reads.push({ ids: args.slice(-2), answer, fail }));
    const reader = new XreadLoop({ send } as never, 'wake', 1_000);
    const live = logAt('1-500');
    reader.update(live as never);
    void reader.run();
    expect(reads[0]?.ids).to.deep.equal(['0-0', '1-500']);

    const behind = logAt('1-100');
    reader.update(behind as never);
    reads[0]?.answer([['feed', [[Buffer.from('1-600'), []]]]]);
    await until(() => reads.length > 1);
    expect([live.given, behind.given]).to.deep.equal([[['1-600']], []]);
    expect(reads[1]?.ids, 'the next read').to.deep.equal(['0-0', '1-100']);
    reads[1]?.answer([['feed', [[Buffer.from('1-200'), []]]]]);
    await until(() => behind.given.length > 0);
    expect(behind.given).to.deep.equal([['1-200']]);
    reads.at(-1)?.fail(new SseRedisError('ERR_SSE_REDIS_LOST', 'the end of the test'));
  });
});
