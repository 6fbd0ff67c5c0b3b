import { expect } from 'chai';
import request from 'supertest';
import { Limiter } from '../src/limits/limiter.ts';
import { SlidingWindow } from '../src/limits/sliding-window.ts';
import { eventually, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const streamOf = (workflow: string) => `/wfm/workflow/workspace/ws/workflow/${workflow}/logs/stream`;

describe('limits.rules', () => {
  const realNow = performance.now.bind(performance);
  let nowMs: number;
  beforeEach(() => {
    nowMs = 1_000_000;
    performance.now = () => nowMs;
  });
  afterEach(async () => {
    performance.now = realNow;
    leaveStreams();
    await stopServices();
  });

  const byUser = {
    authorize: (req: { get(name: string): string | undefined }) => ({ key: req.get('x-user') ?? 'nobody' }),
  };
  const as = (user: string) => ({ headers: { 'x-user': user } });
  const ask = async (url: string, path: string, user = 'ada') => {
    const answer = await request(url).get(path).set('x-user', user);
    return [answer.status, answer.body.code, answer.headers['retry-after'], answer.body.detail];
  };

  it('max refuses the next stream of a workflow with 429 until one leaves, and affects no other workflow', async () => {
    const { url, router } = await service({
      limits: { rules: [{ name: 'workflow', key: (_req, { workflowID }) => workflowID, max: 10 }] },
    });
    const streams = await Promise.all(Array.from({ length: 10 }, () => openStream(url + streamOf('a'))));
    expect(await ask(url, streamOf('a'))).to.deep.equal([
      429,
      'ERR_LOG_STREAM_LIMIT_KEY',
      '5',
      'limits.rules workflow: 10 streams are open',
    ]);
    expect((await openStream(url + streamOf('b'))).status).to.equal(200);
    // Pages are not streams.
    await request(url).get(logsPath).expect(200);
    streams[3]?.leave();
    await eventually(() => router.stats().streams === 10);
    expect((await openStream(url + streamOf('a'))).status).to.equal(200);
  });

  it('opensPerMinute and opensPerHour refuse with 429 and the time that is left, per key', async () => {
    const rules = [{ name: 'user', opensPerMinute: 5, opensPerHour: 8 }];
    const { url } = await service({ ...byUser, limits: { rules } });
    const open = async (user: string) => {
      const stream = await openStream(url + streamOf('a'), as(user));
      stream.leave();
      return stream.status;
    };
    for (let i = 0; i < 5; i++) {
      expect(await open('ada')).to.equal(200);
      nowMs += 1_000;
    }
    expect(await ask(url, streamOf('a'))).to.deep.equal([
      429,
      'ERR_LOG_STREAM_LIMIT_RATE',
      '55',
      'limits.rules user: 5 streams were opened within the last minute',
    ]);
    expect(await open('grace')).to.equal(200);
    nowMs += 55_000;
    // The first open has left the minute, the others have not: the window slides.
    expect(await open('ada')).to.equal(200);
    expect((await ask(url, streamOf('a')))[0]).to.equal(429);
    nowMs += 60_000;
    expect([await open('ada'), await open('ada')]).to.deep.equal([200, 200]);
    expect(await ask(url, streamOf('a'))).to.deep.equal([
      429,
      'ERR_LOG_STREAM_LIMIT_RATE',
      '3480',
      'limits.rules user: 8 streams were opened within the last hour',
    ]);
  });

  it('a stream that one rule refuses counts in no other', async () => {
    const rules = [
      { name: 'workflow', key: () => 'all', max: 1 },
      { name: 'user', opensPerMinute: 2 },
    ];
    const { url, router } = await service({ ...byUser, limits: { rules } });
    const first = await openStream(url + streamOf('a'), as('ada'));
    for (let i = 0; i < 5; i++) expect((await ask(url, streamOf('a')))[1]).to.equal('ERR_LOG_STREAM_LIMIT_KEY');
    first.leave();
    await eventually(() => router.stats().streams === 0);
    expect((await openStream(url + streamOf('a'), as('ada'))).status).to.equal(200);
  });

  it('a rule whose key is undefined does not apply, and one whose key fails refuses with 503', async () => {
    const errors: Error[] = [];
    const rejects = () => Promise.reject(new Error('async'));
    const keys = [() => undefined, () => undefined, () => '', () => 7, rejects];
    const rules = [{ name: 'odd', key: () => keys.shift()?.() as string, max: 1 }];
    const { url } = await service({ limits: { rules }, onError: (error) => errors.push(error) });
    for (let i = 0; i < 2; i++) expect((await openStream(url + streamOf('a'))).status).to.equal(200);
    for (let i = 0; i < 3; i++) expect((await ask(url, streamOf('a')))[1]).to.equal('ERR_LOG_STREAM_HOOK');
    expect(errors.map(({ message }) => message)).to.deep.equal([
      'limits.rules odd: key: expected a string that is not empty, or undefined, got an empty string',
      'limits.rules odd: key: expected a string that is not empty, or undefined, got an object',
      'limits.rules odd: key: expected a string that is not empty, or undefined, got an object',
    ]);
  });

  it('HEAD opens no stream and counts in no rule', async () => {
    const { url } = await service({ ...byUser, limits: { rules: [{ name: 'user', opensPerMinute: 1 }] } });
    for (let i = 0; i < 3; i++) await request(url).head(streamOf('a')).expect(200);
    expect((await openStream(url + streamOf('a'))).status).to.equal(200);
  });

  it('a place that is released twice is freed once', () => {
    const limiter = new Limiter([{ name: 'x', key: () => 'k', max: 2 }]);
    const acquire = () => limiter.acquire({} as never, { workspaceID: 'w', workflowID: 'f', authorizedKey: undefined });
    const [one] = [acquire(), acquire()];
    one?.();
    one?.();
    acquire();
    expect(acquire).to.throw('limits.rules x: 2 streams are open');
  });

  it('a sliding window forgets expired keys and holds at most 100,000 keys', () => {
    const window = new SlidingWindow(5, 60_000);
    for (let i = 0; i < 100_010; i++) window.add(`key ${i}`);
    expect(window.size).to.equal(100_000);
    nowMs += 60_001;
    window.add('last');
    expect(window.size).to.equal(1);
  });
});
