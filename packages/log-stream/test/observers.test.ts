import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  type LogAttachContext,
  type LogEventContext,
  type LogStreamObserver,
  type OpenLogStream,
  SqliteLogStore,
} from '../src/index.ts';
import { idsOf } from './support/numbers.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';
import { FailingStore } from './support/stores.ts';

const secrets = ['Bearer', 'T0ken', 'needle', 'a message'];

/** Records the calls of all hooks. */
function recorder() {
  const calls: [hook: string, context: Record<string, unknown>][] = [];
  const record = (hook: string) => (context: object) => void calls.push([hook, { ...context }]);
  const hooks = ['onOpen', 'onFirstEvent', 'onRefuse', 'onGap', 'onEvict', 'onClose'] as const;
  const observer: LogStreamObserver = Object.fromEntries(hooks.map((hook) => [hook, record(hook)]));
  return { calls, observer, names: () => calls.map(([hook]) => hook) };
}

describe('observers of the log service', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  it('observers get one onOpen and one onClose per stream, with who, what, when and why [R60]', async () => {
    const { calls, observer, names } = recorder();
    const { url, store } = await service({ token: 'T0ken', authorize: () => ({ key: 'ada' }), observers: [observer] });
    const headers = { authorization: 'Bearer T0ken' };
    const stream = await openStream(`${url}${logsPath}/stream?search=a%20message`, { headers });
    await store.append([log('a message'), log('a message'), log('no match')]);
    await stream.until(() => stream.messages.length === 2);
    stream.leave();
    await eventually(() => calls.length === 3);

    type Context = Record<string, unknown> & { stream: { id: string } };
    const [open, first, close] = calls.map(([, context]) => context) as [Context, Context, Context];
    const info = {
      id: open.stream.id,
      route: '/wfm/workflow/workspace/:workspaceId/workflow/:workflowId/logs/stream',
      workspaceID: 'ws',
      workflowID: 'wf',
      key: 'ada',
      resumed: false,
    };
    const { waitedMs: openedAfterMs, ...opening } = open;
    expect(opening).to.deep.equal({ stream: info, lastEventIdHash: undefined });
    expect(openedAfterMs).to.be.above(0);
    expect(Object.isFrozen(open.stream)).to.equal(true);
    expect(first.stream).to.deep.equal(info);
    expect(first.waitedMs).to.be.above(openedAfterMs as number);
    const { durationMs, bytes, ...rest } = close;
    expect(rest).to.deep.equal({ stream: info, reason: 'browser-left', events: 2 });
    expect(durationMs).to.be.above(0);
    expect(bytes).to.equal(Buffer.byteLength(stream.text));
    expect(names()).to.deep.equal(['onOpen', 'onFirstEvent', 'onClose']);
    for (const secret of secrets) expect(JSON.stringify(calls)).to.not.contain(secret);
  });

  it('observers get onAttach when the router is made, with its routes, its limits and its open streams', async () => {
    const attached: LogAttachContext[] = [];
    const observer: LogStreamObserver = { onAttach: (context) => void attached.push(context) };
    const { url, store, router } = await service({
      authorize: () => ({ key: 'ada' }),
      observers: [observer],
      limits: { rules: [{ name: 'user', max: 5 }] },
    });
    const [context] = attached as [LogAttachContext];
    const route = '/wfm/workflow/workspace/:workspaceId/workflow/:workflowId/logs';
    expect(context.routes).to.deep.equal([route, `${route}/volume`, `${route}/stream`]);
    expect(context.rules).to.deep.equal(['total', 'pages', 'user']);
    expect(context.streams()).to.deep.equal([]);
    const before = Date.now();
    const stream = await openStream(`${url}${logsPath}/stream`);
    await store.append([log('a message')]);
    await stream.until(() => stream.messages.length === 1);
    await eventually(() => router.streams()[0]?.atTip === true);
    const [{ id, since, ...open }] = router.streams() as [OpenLogStream];
    expect(id).to.match(/^[0-9a-f-]{36}$/);
    expect(Date.parse(since)).to.be.within(before, Date.now());
    expect(open).to.deep.equal({
      route: `${route}/stream`,
      workspaceID: 'ws',
      workflowID: 'wf',
      key: 'ada',
      resumed: false,
      events: 1,
      bytes: Buffer.byteLength(stream.text),
      bufferedBytes: 0,
      atTip: true,
    });
    expect(context.streams()).to.deep.equal(router.streams());
    const { oldestMs, ...stats } = router.stats();
    expect(oldestMs).to.be.above(0);
    const opened = { streams: 1, opening: 0, opened: 1, events: 1, bytes: open.bytes, atTip: 1 };
    expect(stats).to.deep.equal({
      ...opened,
      refused: 0,
      evicted: 0,
      waiting: 0,
      bufferedBytes: 0,
      draining: false,
      lateDocuments: 0,
      storeErrors: 0,
    });
    stream.leave();
    await eventually(() => router.streams().length === 0);
    expect(attached).to.have.length(1);
    expect((await fetch(`${url}${logsPath}/stream?history=x`)).status).to.equal(400);
    await router.close();
    expect(router.stats()).to.include({ opened: 1, refused: 1, events: 1, bytes: open.bytes, draining: true });
  });

  for (const [rule, limits] of [
    ['total', { total: 1 }],
    ['user', { rules: [{ name: 'user', max: 1 }] }],
    ['hour', { rules: [{ name: 'hour', opensPerHour: 1 }] }],
  ] as const) {
    it(`observers get the name of the limit with a refusal: ${rule}`, async () => {
      const { calls, observer } = recorder();
      const { url } = await service({ authorize: () => ({ key: 'ada' }), observers: [observer], limits });
      await openStream(`${url}${logsPath}/stream`);
      await (await fetch(`${url}${logsPath}/stream`)).body?.cancel();
      await eventually(() => calls.length === 2);
      expect(calls[1]?.[0]).to.equal('onRefuse');
      expect(calls[1]?.[1].error).to.include({ rule });
      expect(Object.isFrozen(calls[1]?.[1].error)).to.equal(true);
    });
  }

  it('observers get each log as it was sent by onEvent, and no gap, id or heartbeat', async () => {
    const seen: [string, LogEventContext['event']][] = [];
    const observer: LogStreamObserver = { onEvent: ({ stream, event }) => void seen.push([stream.id, event]) };
    const { url, store, router } = await service({ observers: [observer], heartbeatMs: 5 });
    await store.append([log('old'), log('line \u2028id: x\ndata: y\n\n')]);
    const first = await openStream(`${url}${logsPath}/stream?history=1`);
    const second = await openStream(`${url}${logsPath}/stream`, { lastEventId: 'unknown' });
    await eventually(() => router.stats().atTip === 2);
    await store.append([log('new')]);
    await Promise.all([first, second].map((stream) => stream.until(() => stream.messages.includes('new'))));
    await first.until(() => first.text.includes(':ping'));
    const [one, two] = router.streams().map(({ id }) => seen.filter(([stream]) => stream === id));
    const messages = (events = one) => events!.map(([, { data }]) => JSON.parse(data).message);
    expect(messages()).to.deep.equal(first.messages);
    expect(messages(two)).to.deep.equal(second.messages);
    expect(two!.map(([, { id }]) => id)).to.deep.equal(second.events.map(({ id }) => id));
  });

  it('observers get onRefuse for a page and a stream, and no onOpen', async () => {
    const { calls, observer } = recorder();
    const { url } = await service({ token: 'T0ken', observers: [observer] });
    for (const path of [logsPath, `${logsPath}/stream`, `${logsPath}?limit=needle`]) {
      await (await fetch(url + path, { headers: { authorization: 'Bearer wrong' } })).body?.cancel();
    }
    await (
      await fetch(`${url}${logsPath}?limit=needle`, { headers: { authorization: 'Bearer T0ken' } })
    ).body?.cancel();
    const refused = calls.map(([hook, { error, status }]) => [hook, (error as { code: string }).code, status]);
    expect(refused).to.deep.equal([
      ...Array(3).fill(['onRefuse', 'ERR_LOG_STREAM_TOKEN_WRONG', 403]),
      ['onRefuse', 'ERR_LOG_STREAM_PARAMETER', 400],
    ]);
    // Any logger may print the whole error.
    expect(inspect(calls, { depth: 9 }))
      .to.include('limit: expected a whole number')
      .and.not.include('needle');
  });

  it('observers get onGap for an unknown id and for trimmed logs, and resumed for a client that came back', async () => {
    const { calls, observer } = recorder();
    const { url, store } = await service({
      store: new SqliteLogStore({ path: ':memory:', maxLogs: 3 }),
      observers: [observer],
    });
    await store.append(logs(10));
    for (const lastEventId of ['unknown', (await idsOf(store)).encode(2)]) {
      const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId });
      await stream.untilMessage('m9');
    }
    const others = calls.filter(([hook]) => hook !== 'onFirstEvent');
    const shown = others.map(([hook, { stream, reason }]) => [hook, (stream as { resumed: boolean }).resumed, reason]);
    expect(shown).to.deep.equal([
      ['onOpen', true, undefined],
      ['onGap', true, 'unknown-id'],
      ['onOpen', true, undefined],
      ['onGap', true, 'trimmed'],
    ]);
  });

  it('observers get the reason of every end: an eviction, a failing store, a drain', async () => {
    const { calls, observer } = recorder();
    const store = new FailingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store, maxStallMs: 20, observers: [observer] });
    const reasons = () => calls.flatMap(([hook, { reason }]) => (hook === 'onClose' ? [reason] : []));
    await store.append(logs(1_000, 'm', { description: 'x'.repeat(16 * 1024) }));
    await openStream(`${url}${logsPath}/stream?history=500`, { reading: false });
    await eventually(() => reasons().length === 1);
    expect(calls.at(-2)?.[0]).to.equal('onEvict');
    expect(calls.at(-2)?.[1].bufferedBytes).to.be.above(0);

    await openStream(`${url}${logsPath}/stream`);
    await eventually(() => router.stats().atTip === 1);
    store.failing = new Error('down');
    await store.append([log('next')]);
    await eventually(() => reasons().length === 2);
    store.failing = undefined;
    await openStream(`${url}${logsPath}/stream`);
    await router.close({ graceMs: 100 });
    expect(reasons()).to.deep.equal(['evicted', 'store-failed', 'draining']);
  });

  it('an observer that throws or rejects affects no stream', async () => {
    const fail = () => {
      throw new Error('mine');
    };
    const reject = async () => {
      throw new Error('mine');
    };
    const { url, store } = await service({
      observers: [
        { onOpen: fail, onClose: fail, onRefuse: fail },
        { onOpen: reject, onClose: reject, onRefuse: reject },
      ],
    });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await store.append([log('one')]);
    await stream.untilMessage('one');
    expect((await fetch(`${url}${logsPath}?limit=0`)).status).to.equal(400);
    stream.leave();
    expect((await openStream(`${url}${logsPath}/stream`)).status).to.equal(200);
  });
});
