import { expect } from 'chai';
import { sseProxy } from '../src/index.ts';
import type { CloseReason, SseProxyHandler, SseProxyOptions } from '../src/types.ts';
import { witness } from './support/app.ts';
import { environments, type Running } from './support/environments.ts';
import { flood } from './support/flood.ts';
import { later, never, type RefusalScene } from './support/refusals.ts';
import { cleaner, until } from './support/until.ts';
import { type RawUpstream, rawUpstream, type UpstreamRequestSeen } from './support/upstream.ts';
import type { VisitOptions } from './support/visit.ts';

/** How an open stream is ended. */
interface EndScene {
  readonly options?: Partial<SseProxyOptions>;
  readonly act: (it: {
    request: UpstreamRequestSeen;
    up: RawUpstream;
    browser: ReturnType<Running['visit']>;
    proxy: SseProxyHandler;
  }) => unknown;
  /** True if the upstream does not respond before `act`. */
  readonly beginsLate?: true;
  /** True if the response ends as complete. */
  readonly completes: boolean;
  /** True if the browser's connection is closed too, also if the browser doesn't close it. */
  readonly closes?: true;
}

const refuseResume = (answer: string) => async (it: { request: UpstreamRequestSeen; up: RawUpstream }) => {
  it.request.send('id: 1\ndata: one\n\n');
  it.request.reset();
  (await it.up.request(1)).raw(answer);
};
/** Requests for which a hook was called once. */
const authorized = new WeakSet<object>();
const prepared = new WeakSet<object>();
const resume = { minDelayMs: 1, maxDelayMs: 2 };

const ends: Record<Exclude<CloseReason, 'event-too-large'>, EndScene> = {
  'browser-left': { act: ({ browser }) => browser.leave(), completes: false },
  'upstream-ended': { act: ({ request }) => request.end(), completes: true },
  'upstream-broken': { act: ({ request }) => request.reset(), completes: false },
  'upstream-idle': { options: { idleTimeoutMs: 20 }, act: () => {}, completes: false },
  'refused-late': {
    options: { resume, openAfterMs: 10 },
    beginsLate: true,
    act: ({ request }) => request.raw('HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n'),
    completes: true,
  },
  'upstream-refused': {
    options: { resume },
    act: refuseResume('HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n'),
    completes: true,
  },
  evicted: {
    options: { slowClient: { maxStallMs: 40 } },
    act: ({ browser, request }) => {
      browser.pause();
      void flood(request, 4_000, 16_384);
    },
    completes: false,
  },
  'max-duration': { options: { maxDurationMs: 20 }, act: () => {}, completes: true },
  unauthorized: {
    options: { reauthorizeMs: 20, authorize: (req) => !authorized.has(req) && Boolean(authorized.add(req)) },
    act: () => {},
    completes: true,
  },
  'transform-failed': {
    options: { transform: () => Promise.reject(new Error('transform')) },
    act: ({ request }) => request.send('data: one\n\n'),
    completes: false,
  },
  'hook-failed': {
    options: {
      resume,
      share: { lingerMs: 0 },
      upstreamHeaders: (req) => {
        if (prepared.has(req)) throw new Error('upstreamHeaders');
        prepared.add(req);
        return {};
      },
    },
    act: ({ request }) => request.reset(),
    completes: true,
  },
  draining: { act: ({ proxy }) => void proxy.close(), completes: true, closes: true },
};

/** The last request of a scene's raw bytes, as options of a visit. */
function visitOf({ request }: RefusalScene): VisitOptions {
  if (!request) return {};
  const [head = '', body] = request.split('\r\n\r\n');
  const [line = '', , ...fields] = head.split('\r\n');
  const [method = 'GET', path = '/sse'] = line.split(' ');
  const headers = Object.fromEntries(fields.map((field) => field.split(': ').map((part) => part.toLowerCase())));
  return { method, path, headers, ...(method === 'POST' ? { body: body ?? '' } : {}) };
}

// Cells that can't exist there.
const needsParams = new Set(['ERR_SSE_PARAMETER']);
const needsPipelining = new Set(['ERR_SSE_PIPELINED']);
// Takes two seconds: without the table once is enough, since all refusals are sent by the same code.
const isSlow = new Set(['ERR_SSE_OVERLOAD']);
const rows = new Map<string, string[]>();

/** With PRINT_TABLE=1 the table of all cells is printed at the end. */
const printsTable = Boolean(process.env.PRINT_TABLE);

for (const environment of environments) {
  describe(`in ${environment.name}`, () => {
    const { add, clean } = cleaner();
    const uncaught: unknown[] = [];
    const onUncaught = (error: unknown) => void uncaught.push(error);
    let running: Running;
    let handler: SseProxyHandler;

    before(async () => {
      running = await environment.start((req, res) => handler(req as never, res as never, () => {}));
      process.on('unhandledRejection', onUncaught);
    });
    after(async () => {
      process.off('unhandledRejection', onUncaught);
      await running.close();
    });
    afterEach(clean);

    async function started(options: Partial<SseProxyOptions>, answer?: (request: UpstreamRequestSeen) => void) {
      const up = add(await rawUpstream(answer), (it) => it.close());
      const seen = witness();
      handler = sseProxy({ target: up.url, resume: false, warnings: false, ...options, observers: [seen] });
      const proxy = handler;
      add(proxy, (it) => it.close());
      return { up, seen, proxy, visit: (how?: VisitOptions) => add(running.visit(how), (it) => it.leave()) };
    }

    /** Nothing is left of the streams, in the proxy, at the upstream, or (once browsers have left) at the server. */
    async function nothingIsOpen(up: RawUpstream, proxy: SseProxyHandler, visits: { leave(): void }[]) {
      await until(() => {
        const { open, opening, upstreamConnections } = proxy.stats();
        return open + opening + upstreamConnections + proxy.streams().length === 0 && up.open() === 0;
      });
      for (const visit of visits) visit.leave();
      await until(() => running.connections() === 0);
      expect(uncaught).to.deep.equal([]);
    }

    const report = (name: string) => rows.set(name, [...(rows.get(name) ?? []), environment.name]);

    for (const [code, scene] of Object.entries({ ...later, ...never })) {
      if (needsParams.has(code) && !environment.hasParams) continue;
      if (needsPipelining.has(code) || (isSlow.has(code) && !printsTable && environment.name !== 'HTTP/2')) continue;
      it(`refuses with ${code} and leaves nothing open (${environment.name}) [R45]`, async () => {
        const { up, seen, proxy, visit } = await started({ ...scene.options }, ({ raw, socket }) => {
          if (scene.answer === null) socket.end();
          else if (scene.answer !== undefined) raw(scene.answer);
        });
        const others: ReturnType<typeof visit>[] = [];
        const come = (id?: string) => others.push(visit(id === undefined ? {} : { headers: { 'last-event-id': id } }));
        const app = { proxy, witness: seen, port: 0, server: undefined as never, close: async () => {} };
        await scene.before?.({ ...app, up, visit: come });
        const browser = visit(visitOf(scene));
        await until(() => browser.closed());
        expect(browser.status()).to.equal(code in later ? 200 : scene.status);
        if (code in later) expect(browser.body()).to.include(`"code":"${code}"`);
        expect(seen.refusals.at(-1)?.error.code).to.equal(code);
        for (const other of others) other.leave();
        await proxy.close();
        await nothingIsOpen(up, proxy, [browser]);
        report(code);
      });
    }

    const phases: Record<string, Partial<SseProxyOptions>> = {
      authorize: { authorize: () => new Promise(() => {}) },
      'the limiter': { limits: { acquire: () => new Promise(() => {}) } },
      'the upstream': {},
      'the upstream of a shared feed': { share: { lingerMs: 0 } },
    };
    for (const [phase, options] of Object.entries(phases)) {
      it(`holds nothing for a browser that leaves while ${phase} is pending (${environment.name}) [R40] [R45]`, async () => {
        const { up, seen, proxy, visit } = await started(options);
        const browser = visit();
        await until(
          () => proxy.stats().opening === 1 && (!phase.startsWith('the upstream') || up.requests.length === 1),
        );
        browser.leave();
        await nothingIsOpen(up, proxy, []);
        expect([seen.opens, seen.errors, seen.refusals]).to.deep.equal([[], [], []]);
        report(`leaves during ${phase}`);
      });
    }

    for (const [reason, { options = {}, act, beginsLate, completes, closes }] of Object.entries(ends)) {
      it(`ends a stream with ${reason} and leaves nothing open (${environment.name}) [R45]`, async () => {
        const { up, seen, proxy, visit } = await started(options, (request) => {
          if (!beginsLate && up.requests.length === 1) request.begin();
        });
        const browser = visit();
        await until(() => browser.status() === 200 && seen.opens.length === 1);
        await act({ request: await up.request(), up, browser, proxy });
        await until(() => seen.closes.length === 1);
        expect(seen.closes[0]?.reason).to.equal(reason);
        if (reason !== 'evicted') {
          await until(() => browser.closed());
          if (reason !== 'browser-left') expect(browser.complete()).to.equal(completes);
        }
        if (closes) await until(() => running.connections() === 0);
        await nothingIsOpen(up, proxy, [browser]);
        report(reason);
      });
    }
  });
}

after(() => {
  if (!printsTable) return;
  const names = environments.map(({ name }) => name);
  console.log(`| refusal or end | ${names.join(' | ')} |\n| --- |${' --- |'.repeat(names.length)}`);
  for (const [row, passed] of rows) {
    console.log(`| ${row} | ${names.map((name) => (passed.includes(name) ? '✓' : '–')).join(' | ')} |`);
  }
});
