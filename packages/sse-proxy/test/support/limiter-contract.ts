import { expect } from 'chai';
import fc from 'fast-check';
import type { Awaitable, LimitRequest, LimitResult, LimitRule, StreamLimiter, StreamLimits } from '../../src/index.ts';

/** A kind of limiter, and the clock that it reads. */
export interface LimiterHarness {
  /** A limiter that has counted nothing yet. */
  create(limits: StreamLimits): Awaitable<StreamLimiter>;
  /** Lets `ms` milliseconds pass on the limiter's clock. */
  pass(ms: number): Awaitable<void>;
  /** How much time may pass by itself within a test, in milliseconds. */
  readonly slackMs: number;
  /** Runs of the random test. */
  readonly runs: number;
}

/** Asks for a permit of `key`, as if `authorize` had returned it. */
export async function ask(limiter: StreamLimiter, key?: string): Promise<LimitResult> {
  const signal = new AbortController().signal;
  return limiter.acquire({ req: { headers: {} }, key, signal } as unknown as LimitRequest);
}

/** What every limiter with rules promises: the built-in one, and those that count across instances. */
export function limiterContract(what: string, { create, pass, slackMs, runs }: LimiterHarness): void {
  const byUser = (bounds: Omit<LimitRule, 'name'>, limits: StreamLimits = {}) =>
    create({ ...limits, rules: [{ name: 'user', ...bounds }] });

  /** Checks a refusal. Its wait may be shorter by the time that has passed by itself. */
  function expectRefusal(result: LimitResult, expected: Omit<Extract<LimitResult, { ok: false }>, 'ok'>): void {
    const { retryAfterMs, ...rest } = result as Extract<LimitResult, { ok: false }>;
    const { retryAfterMs: expectedMs, ...others } = expected;
    expect(rest).to.deep.equal({ ok: false, ...others });
    if (expectedMs === undefined) expect(retryAfterMs).to.equal(undefined);
    else expect(retryAfterMs).to.be.within(Math.max(1, expectedMs - slackMs), expectedMs);
  }

  describe(`the contract of limiters: ${what}`, () => {
    it(`${what}: bounds all streams by total, and frees the place of a stream that has ended`, async () => {
      const limiter = await create({ total: 2 });
      const first = await ask(limiter, 'a');
      expect((await ask(limiter)).ok).to.equal(true);
      expectRefusal(await ask(limiter, 'b'), { rule: 'total', kind: 'total' });
      if (first.ok) first.release();
      expect((await ask(limiter, 'b')).ok).to.equal(true);
      expectRefusal(await ask(limiter, 'c'), { rule: 'total', kind: 'total' });
    });

    it(`${what}: bounds the streams of one key by max, and ignores a rule whose key is undefined`, async () => {
      const limiter = await byUser({ max: 1 });
      const first = await ask(limiter, 'a');
      expectRefusal(await ask(limiter, 'a'), { rule: 'user', kind: 'max' });
      for (const key of ['b', undefined, undefined]) expect((await ask(limiter, key)).ok, String(key)).to.equal(true);
      if (first.ok) first.release();
      expect((await ask(limiter, 'a')).ok).to.equal(true);
    });

    it(`${what}: perKey is the rule "perKey" with max`, async () => {
      const limiter = await create({ perKey: 1 });
      await ask(limiter, 'a');
      expectRefusal(await ask(limiter, 'a'), { rule: 'perKey', kind: 'max' });
    });

    it(`${what}: passes on upstreams, and lists its rules`, async () => {
      const limiter = await create({ total: 5, rules: [{ name: 'user', max: 2 }], perKey: 1 });
      expect(limiter.upstreams).to.equal(10);
      expect((await create({ upstreams: 7 })).upstreams).to.equal(7);
      expect(limiter.rules?.map(({ name, max }) => ({ name, max }))).to.deep.equal([
        { name: 'user', max: 2 },
        { name: 'perKey', max: 1 },
      ]);
    });

    it(`${what}: opensPerMinute is a sliding minute`, async () => {
      const limiter = await byUser({ opensPerMinute: 2 });
      await ask(limiter, 'a');
      await pass(20_000);
      await ask(limiter, 'a');
      await pass(20_000);
      expectRefusal(await ask(limiter, 'a'), { rule: 'user', kind: 'opensPerMinute', retryAfterMs: 20_000 });
      expect((await ask(limiter, 'b')).ok).to.equal(true);
      await pass(20_000);
      expect((await ask(limiter, 'a')).ok).to.equal(true);
      expectRefusal(await ask(limiter, 'a'), { rule: 'user', kind: 'opensPerMinute', retryAfterMs: 20_000 });
    });

    it(`${what}: holds the bounds of a rule at once, and names the one with the longest wait`, async () => {
      const limiter = await byUser({ max: 10, opensPerMinute: 5, opensPerHour: 20 });
      for (let minute = 0; minute < 4; minute++) {
        for (let i = 0; i < 5; i++) {
          const result = await ask(limiter, 'a');
          if (result.ok) result.release();
          else expect.fail(`refused in minute ${minute}`);
        }
        const [kind, retryAfterMs] =
          minute < 3 ? (['opensPerMinute', 60_000] as const) : (['opensPerHour', 3_420_000] as const);
        expectRefusal(await ask(limiter, 'a'), { rule: 'user', kind, retryAfterMs });
        await pass(60_000);
      }
      await pass(3_360_000);
      expect((await ask(limiter, 'a')).ok).to.equal(true);
    });

    it(`${what}: does not count refused opens, so that trying again does not lengthen the wait`, async () => {
      const limiter = await byUser({ opensPerMinute: 1 });
      await ask(limiter, 'a');
      for (let i = 0; i < 5; i++) {
        await pass(10_000);
        expect((await ask(limiter, 'a')).ok).to.equal(false);
      }
      await pass(10_000);
      expect((await ask(limiter, 'a')).ok).to.equal(true);
    });

    it(`${what}: grants the permits of all rules or of none`, async () => {
      const limiter = await create({
        rules: [
          { name: 'opens', key: () => 'all', opensPerMinute: 2, max: 2 },
          { name: 'user', max: 1 },
        ],
      });
      const first = await ask(limiter, 'a');
      for (let i = 0; i < 5; i++) expectRefusal(await ask(limiter, 'a'), { rule: 'user', kind: 'max' });
      expect((await ask(limiter, 'b')).ok).to.equal(true);
      expectRefusal(await ask(limiter, 'c'), { rule: 'opens', kind: 'opensPerMinute', retryAfterMs: 60_000 });
      if (first.ok) first.release();
      await pass(60_000);
      expect((await ask(limiter, 'a')).ok).to.equal(true);
      expectRefusal(await ask(limiter, 'a'), { rule: 'opens', kind: 'max' });
    });

    it(`${what}: names the first rule that refuses, with the longest wait of all that do`, async () => {
      const limiter = await create({
        rules: [
          { name: 'minute', opensPerMinute: 1 },
          { name: 'hour', opensPerHour: 1 },
        ],
      });
      await ask(limiter, 'a');
      expectRefusal(await ask(limiter, 'a'), { rule: 'minute', kind: 'opensPerMinute', retryAfterMs: 3_600_000 });
    });

    it(`${what}: counts opens beyond 256 per key at most 1/256 of the window too strictly`, async () => {
      const limiter = await byUser({ opensPerMinute: 300 });
      const began = performance.now();
      for (let i = 0; i < 300; i++) expect((await ask(limiter, 'a')).ok, `open ${i}`).to.equal(true);
      const refusal = (await ask(limiter, 'a')) as Extract<LimitResult, { ok: false }>;
      const tookMs = performance.now() - began;
      expect(refusal.retryAfterMs).to.be.within(60_000 - slackMs - tookMs, 60_000 + 60_000 / 256 + 1);
      await pass(60_000 + 60_000 / 256 + 1);
      expect((await ask(limiter, 'a')).ok).to.equal(true);
    });

    it(`${what}: frees one place for a permit that is released twice`, async () => {
      const limiter = await byUser({ max: 2 }, { total: 2 });
      const first = await ask(limiter, 'a');
      await ask(limiter, 'a');
      if (first.ok) for (const _ of [1, 2]) first.release();
      expect((await ask(limiter, 'a')).ok).to.equal(true);
      expectRefusal(await ask(limiter, 'a'), { rule: 'total', kind: 'total' });
    });

    it(`${what}: keeps keys apart, whatever characters they hold`, async () => {
      const limiter = await create({
        rules: [
          { name: 'a', key: (req) => String(req.headers['x-a']), max: 1 },
          { name: 'a:b', key: (req) => String(req.headers['x-b']), max: 1 },
        ],
      });
      const signal = new AbortController().signal;
      const open = async (a: string, b: string) => {
        const req = { headers: { 'x-a': a, 'x-b': b } };
        return (await limiter.acquire({ req, key: undefined, signal } as unknown as LimitRequest)).ok;
      };
      const keys = ['x', 'X', 'x ', 'b:x', '__proto__', 'constructor', '\0', '\ud800', 'ü', '*', '*:'];
      for (const [index, key] of keys.entries()) expect(await open(key, `other ${index}`), key).to.equal(true);
      for (const key of keys) expect(await open(key, 'new'), key).to.equal(false);
    });

    const wrongKeys: [string, () => unknown][] = [
      ['a number', () => 5],
      ['null', () => null],
      ['an empty string', () => ''],
      ['a promise', () => Promise.reject(new Error('no'))],
      ['an object', () => ({})],
    ];
    for (const [kind, key] of wrongKeys) {
      it(`${what}: refuses with ERR_SSE_HOOK that names the rule if its key is ${kind}, and counts nothing`, async () => {
        const limiter = await create({
          total: 1,
          rules: [
            { name: 'before', key: () => 'all', max: 1 },
            { name: 'odd', key: key as () => string, max: 1 },
          ],
        });
        for (const _ of [1, 2]) {
          const error = await ask(limiter, 'a').catch((thrown) => thrown);
          expect(error).to.include({ name: 'SseProxyError', code: 'ERR_SSE_HOOK' });
          expect(error.message).to.match(
            /^key of limits\.rules odd must return a string that is not empty, or undefined, returned /,
          );
        }
      });
    }

    it(`${what}: refuses with ERR_SSE_HOOK if a key function throws, with its error as the cause`, async () => {
      const cause = new Error('no');
      const key = () => {
        throw cause;
      };
      const error = await ask(await byUser({ key, max: 1 })).catch((thrown) => thrown);
      expect(error).to.include({ name: 'SseProxyError', code: 'ERR_SSE_HOOK', cause });
    });

    it(`${what}: grants exactly as many of many requests at once as a limit allows`, async () => {
      const limiter = await byUser({ max: 10 }, { total: 15 });
      const results = await Promise.all(Array.from({ length: 60 }, (_, n) => ask(limiter, n % 2 ? 'a' : 'b')));
      const granted = (odd: number) => results.filter(({ ok }, n) => ok && n % 2 === odd).length;
      expect(granted(0) + granted(1)).to.equal(15);
      expect([granted(0), granted(1)].every((count) => count <= 10)).to.equal(true);
    });

    it(`${what}: never has more streams open than a limit allows, and never refuses one below it`, async () => {
      const step = fc.record({ key: fc.constantFrom('a', 'b', undefined), leave: fc.option(fc.nat(20)) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
          const limiter = await byUser({ max: 2 }, { total: 5 });
          const open: { key: string | undefined; release(): void }[] = [];
          for (const { key, leave } of steps) {
            if (leave !== null && open.length > 0) open.splice(leave % open.length, 1)[0]!.release();
            const ofKey = open.filter((held) => held.key === key).length;
            const result = await ask(limiter, key);
            if (open.length === 5) expectRefusal(result, { rule: 'total', kind: 'total' });
            else if (key !== undefined && ofKey === 2) expectRefusal(result, { rule: 'user', kind: 'max' });
            else expect(result.ok).to.equal(true);
            if (result.ok) open.push({ key, release: () => result.release() });
          }
        }),
        { numRuns: runs },
      );
    });
  });
}
