import { expect } from 'chai';
import { fetchBetween, knownEvents, type LogPage, type PageQuery } from '../web/src/stream/logic/pages.ts';

/** Pages of numbered logs as the log service returns them. `growth` logs are added with each request. */
function service(count: number, growth = 0) {
  const asked: PageQuery[] = [];
  const fetchPage = async (query: PageQuery): Promise<LogPage> => {
    asked.push(query);
    const upTo = query.upTo ? Number(query.upTo) : count + growth * asked.length;
    const first = Number(query.cursor ?? query.after ?? 0) + 1;
    const last = Math.min(upTo, first + query.limit - 1);
    const seqs = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
    return {
      logs: seqs.map((seq) => ({ message: `log ${seq}`, meta: { timestamp: seq } })),
      ids: seqs.map(String),
      nextCursor: last < upTo ? String(last) : null,
      total: upTo - Number(query.after ?? 0),
      lastEventId: String(upTo),
    };
  };
  return { asked, fetchPage };
}

const { signal } = new AbortController();

describe('fetchBetween', () => {
  it('fetchBetween loads page by page and reports its progress', async () => {
    const { fetchPage, asked } = service(5_000);
    const progress: string[] = [];
    const events = await fetchBetween(
      fetchPage,
      { after: '100', upTo: '1300' },
      (loaded, total) => progress.push(`${loaded} of ${total}`),
      signal,
    );
    expect(events.map(({ id }) => id)).to.deep.equal(Array.from({ length: 1_200 }, (_, at) => String(101 + at)));
    expect(progress).to.deep.equal(['500 of 1200', '1000 of 1200', '1200 of 1200']);
    expect(asked[0]).to.deep.equal({ after: '100', upTo: '1300', order: 'asc', limit: 500 });
  });

  it('fetchBetween ends although logs are written faster than it reads', async () => {
    const { fetchPage } = service(1_000, 600);
    const events = await fetchBetween(fetchPage, { after: '0', upTo: '' }, () => {}, signal);
    expect(events.length).to.be.at.least(1_000).and.below(3_000);
  });

  it('fetchBetween returns nothing if no log is missing', async () => {
    expect(await fetchBetween(service(100).fetchPage, { after: '100', upTo: '' }, () => {}, signal)).to.deep.equal([]);
  });

  it('fetchBetween rejects with the error of a page', async () => {
    const broken = new Error('503');
    const loading = fetchBetween(
      () => Promise.reject(broken),
      { after: '1', upTo: '' },
      () => {},
      signal,
    );
    expect(await loading.catch((error: unknown) => error)).to.equal(broken);
  });

  it('knownEvents() puts the oldest log first', () => {
    const page = { logs: [{ message: 'b', meta: { timestamp: 2 } }, { message: 'a' }], ids: ['2', '1'] };
    expect(knownEvents(page, 'desc')).to.deep.equal([
      { id: '1', data: '{"message":"a"}' },
      { id: '2', data: '{"message":"b","meta":{"timestamp":2}}', receivedAt: 2 },
    ]);
  });
});
