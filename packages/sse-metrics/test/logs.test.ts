import { hash } from 'node:crypto';
import { expect } from 'chai';
import pino from 'pino';
import { SseProxyError } from '../../sse-proxy/src/index.ts';
import type { SseProxyOptions } from '../../sse-proxy/src/types.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { accessLog, auditLog, hashId } from '../src/index.ts';

type Line = Record<string, unknown>;

/** A pino logger whose lines are kept as objects. */
function keptLog(level = 'info') {
  const lines: Line[] = [];
  const log = pino(
    { level, base: null, timestamp: false },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  );
  return { log, lines };
}

const secret = 'a-secret-of-the-operator';
// A dot or an at sign is in no hash and in no random id.
const user = 'ann@example';
const workspace = 'w.1';
const workflow = 'f.2';
const path = '/ws/:workspaceId/wf/:workflowId/:token';

describe('access and audit log', () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  async function logged(options: Partial<SseProxyOptions> = {}) {
    const { log, lines } = keptLog();
    const audit = keptLog();
    const observers = [accessLog({ log }), auditLog({ log: audit.log, secret })];
    const up = await upstream((request) => {
      request.begin();
      request.send('id: 1\ndata: s3cret\n\n');
    });
    const proxied = await app({ target: up.url, authorize: () => ({ key: user }), observers, ...options }, { path });
    const browser = visit(proxied.port, `/ws/${workspace}/wf/${workflow}/s3cret?token=s3cret`, { Cookie: 'a=s3cret' });
    return { lines, audit: audit.lines, browser, upstream: up, app: proxied };
  }

  it('logs one line when a stream opens and one when it ends', async () => {
    const { lines, browser } = await logged();
    await browser.sees('s3cret\n\n');
    browser.leave();
    await until(() => lines.length === 2);
    const [open, close] = lines as [Line, Line];
    const stream = { connection: open.connection, route: path, workspace, workflow, user };
    expect(open.connection).to.match(/^[0-9a-f-]{36}$/);
    const { waitedMs, ...opening } = open;
    expect(waitedMs).to.be.a('number');
    expect(opening).to.deep.equal({
      level: 30,
      ...stream,
      resumed: false,
      early: false,
      msg: 'SSE connection established',
    });
    const { durationMs, bytes, ...end } = close;
    expect([typeof durationMs, typeof bytes]).to.deep.equal(['number', 'number']);
    expect(end).to.deep.equal({
      level: 30,
      ...stream,
      reason: 'browser-left',
      events: 1,
      msg: 'SSE connection closed',
    });
  });

  it('logs a refusal once, with its code, the rule and a hint at the cause, as a warning', async () => {
    const { lines, browser } = await logged({ target: 'http://127.0.0.1:1/?token=s3cret' });
    await until(() => browser.complete());
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({
      level: 40,
      reason: 'upstream',
      code: 'ERR_SSE_UPSTREAM_CONNECT',
      cause: 'ECONNREFUSED',
      status: 200,
      user,
      msg: 'SSE connection refused',
    });
    const limits = { rules: [{ name: 'workflow', key: () => 'a', opensPerMinute: 1 }] };
    const limited = await logged({ limits });
    await limited.browser.opened();
    const second = visit(limited.app.port, `/ws/${workspace}/wf/${workflow}/x`);
    await until(() => second.complete());
    expect(limited.lines.at(-1)).to.include({
      level: 40,
      reason: 'limit',
      rule: 'workflow',
      code: 'ERR_SSE_LIMIT_RATE',
    });
  });

  it('logs a broken upstream once, with the end of the stream, and the bound that a slow browser exceeded', async () => {
    const { log, lines } = keptLog();
    const { request, browser } = await opened({ observers: [accessLog({ log })] });
    request.reset();
    await until(() => browser.closed() && lines.length === 2);
    expect(lines[1]).to.include({ level: 40, reason: 'upstream-broken', code: 'ERR_SSE_UPSTREAM_BROKEN' });
    const stream = { id: 'x', route: '/', params: {}, key: undefined, fields: {}, resumed: false };
    const observer = accessLog({ log });
    observer.onEvict?.({ stream, bound: 'maxStallMs', bufferedBytes: 9 });
    observer.onClose?.({ stream, reason: 'evicted', error: undefined, durationMs: 5, events: 1, bytes: 9 });
    expect(lines[2]).to.include({ level: 40, reason: 'evicted', bound: 'maxStallMs' });
  });

  it('logs an upstream that is lost and back, and a gap, once each', async () => {
    const { log, lines } = keptLog();
    const resume = { minDelayMs: 5, maxDelayMs: 20 };
    const { request, browser, upstream: up } = await opened({ observers: [accessLog({ log })], resume });
    request.send('data: no id\n\n');
    await browser.sees('no id\n\n');
    request.reset();
    (await up.request(1)).begin();
    await browser.sees('no-ids');
    const [open, lost, back, gap] = lines as [Line, Line, Line, Line];
    const stream = { level: 40, connection: open.connection, route: '/sse', browsers: 1 };
    expect(lost).to.include({ ...stream, code: 'ERR_SSE_UPSTREAM_BROKEN', attempts: 0, msg: 'SSE upstream lost' });
    expect(back).to.include({ ...stream, msg: 'SSE upstream is back' });
    expect(back.outageMs).to.be.a('number');
    expect(gap).to.include({ ...stream, reason: 'no-ids', msg: 'SSE gap reported' });
  });

  it('leaves the user out of the access log if asked to, and logs the listed parameters', async () => {
    const { log, lines } = keptLog();
    const observers = [accessLog({ log, user: false, params: { tenant: ['workspaceId'] } })];
    const { browser } = await logged({ observers });
    await browser.opened();
    expect(lines[0]).to.include({ tenant: workspace }).and.to.not.have.any.keys('user', 'workspace', 'workflow');
  });

  it('logs the fields that authorize returned, which win over parameters, and audits their hashes', async () => {
    const fields = { workflow: 'from-authorize', tenant: 't@1' };
    const { lines, audit, browser } = await logged({ authorize: () => ({ key: user, fields }) });
    await browser.opened();
    expect(lines[0]).to.include({ ...fields, workspace, user });
    const what = { workflow: hashId('from-authorize', secret), tenant: hashId('t@1', secret) };
    expect(audit[0]?.what).to.include({ ...what, workspaceId: hashId(workspace, secret) });
    expect(JSON.stringify(audit)).to.not.match(/from-authorize|t@1/);
  });

  it('logs and audits the user and the fields of a refusal if authorize returns them', async () => {
    const refusal = { key: user, fields: { tenant: 't@1' }, allowed: false };
    const { lines, audit, browser } = await logged({ authorize: () => refusal });
    await until(() => browser.complete());
    expect(lines[0]).to.include({ reason: 'forbidden', code: 'ERR_SSE_FORBIDDEN', user, tenant: 't@1' });
    expect(audit[0]).to.include({ action: 'refuse', outcome: 'forbidden', who: hashId(user, secret) });
    expect(audit[0]?.what).to.include({ tenant: hashId('t@1', secret) });
  });

  it('lets no field of authorize replace a field that each line has', async () => {
    const fields = { code: 'x', level: 'x', msg: 'x', reason: 'x', connection: 'x', user: 'x' };
    const { lines, browser } = await logged({ authorize: () => ({ key: user, fields }) });
    await browser.opened();
    expect(lines[0]).to.include({
      level: 30,
      user,
      msg: 'SSE connection established',
      field_code: 'x',
      field_user: 'x',
    });
    expect(lines[0]).to.not.have.any.keys('code', 'reason');
    expect(lines[0]?.connection).to.have.length(36);
  });

  it('logs a debug line for each event that is sent, with a hash of its id and its level, and no other part of it', async () => {
    const { log, lines } = keptLog('debug');
    const { browser, request } = await opened({ observers: [accessLog({ log })], authorize: () => ({ key: user }) });
    const sent = [
      'id: s3cret-1\ndata: {"logLevel":"WARN","message":"s3cret"}\n\n',
      'event: s3cret\ndata: {"level":"s3cret"}\n\n',
      'data: {"level":"info"}\n\n',
      'data: null\n\n',
      'id: 7\ndata: s3cret\n\n',
    ];
    request.send(sent.join(''));
    await browser.sees(sent.at(-1)!);
    const [open, ...messages] = lines as [Line, ...Line[]];
    const stream = { level: 20, connection: open.connection, route: '/sse', user, msg: 'SSE message sent' };
    expect(messages).to.deep.equal([
      { ...stream, eventIdHash: hash('sha256', 's3cret-1', 'hex').slice(0, 16), logLevel: 'WARN' },
      stream,
      { ...stream, logLevel: 'info' },
      stream,
      // As onOpen hashes the Last-Event-ID of a browser that comes back with it.
      { ...stream, eventIdHash: '7902699be42c8a8e' },
    ]);
    expect(JSON.stringify(lines)).to.not.include('s3cret');
  });

  it('watches events only if debug lines are written: by the logger’s level, or by the option', () => {
    const silent = { info() {}, warn() {}, debug() {} };
    const watches = (options: Parameters<typeof accessLog>[0]) => 'onEvent' in accessLog(options);
    expect(watches({ log: keptLog('info').log })).to.equal(false);
    expect(watches({ log: keptLog('debug').log })).to.equal(true);
    expect(watches({ log: keptLog('debug').log, messages: false })).to.equal(false);
    expect(watches({ log: silent })).to.equal(false);
    expect(watches({ log: silent, messages: true })).to.equal(true);
  });

  it('audits who opened and closed what, when and with which outcome, with hashed ids', async () => {
    const { audit, browser } = await logged();
    await browser.sees('s3cret\n\n');
    browser.leave();
    await until(() => audit.length === 2);
    const [open, close] = audit as [Line, Line];
    const what = {
      workspaceId: hashId(workspace, secret),
      workflowId: hashId(workflow, secret),
      token: hashId('s3cret', secret),
    };
    const { at, connection, ...rest } = open;
    expect(Date.parse(String(at))).to.be.closeTo(Date.now(), 60_000);
    expect(connection).to.equal(close.connection);
    expect(rest).to.deep.equal({
      level: 30,
      audit: 'sse',
      action: 'open',
      outcome: 'allowed',
      who: hashId(user, secret),
      route: path,
      what,
      resumed: false,
      msg: 'SSE audit',
    });
    expect(close).to.deep.include({
      action: 'close',
      outcome: 'browser-left',
      who: hashId(user, secret),
      what,
      events: 1,
    });
    const written = JSON.stringify(audit);
    for (const value of [user, workspace, workflow, 's3cret']) expect(written).to.not.include(value);
  });

  it('audits refusals, resumes and gaps', async () => {
    const { log, lines } = keptLog();
    const observer = auditLog({ log, secret });
    const stream = { id: 'c1', route: '/sse', params: {}, key: undefined, fields: {}, resumed: false };
    const error = new SseProxyError('ERR_SSE_LIMIT_KEY', { rule: 'user' });
    observer.onRefuse?.({ stream, error, status: 200, retryMs: 5_000 });
    observer.onResume?.({ route: '/sse', stream: undefined, attempts: 2, outageMs: 10.4, browsers: 3 });
    observer.onGap?.({ route: '/sse', stream, reason: 'no-ids', browsers: 3 });
    const told = lines.map(({ level: _, msg: __, at: ___, ...rest }) => rest);
    const refusal = {
      outcome: 'limit',
      who: null,
      connection: 'c1',
      route: '/sse',
      what: {},
      code: 'ERR_SSE_LIMIT_KEY',
    };
    expect(told).to.deep.equal([
      { audit: 'sse', action: 'refuse', ...refusal, rule: 'user', status: 200 },
      {
        audit: 'sse',
        action: 'resume',
        outcome: 'restored',
        who: null,
        route: '/sse',
        attempts: 2,
        outageMs: 10,
        browsers: 3,
      },
      {
        audit: 'sse',
        action: 'gap',
        outcome: 'no-ids',
        who: null,
        connection: 'c1',
        route: '/sse',
        what: {},
        browsers: 3,
      },
    ]);
  });

  it('hashes ids differently after a restart unless a secret is given', () => {
    const hashes = [1, 2].map(() => {
      const { log, lines } = keptLog();
      const stream = { id: 'c', route: '/', params: {}, key: 'ann', fields: {}, resumed: false };
      auditLog({ log }).onOpen?.({
        stream,
        waitedMs: 1,
        early: false,
        lastEventIdHash: undefined,
        sharedSpan: undefined,
      });
      return lines[0]?.who;
    });
    expect(hashes[0])
      .to.match(/^[\w-]{22}$/)
      .and.to.not.equal(hashes[1]);
  });

  it('writes no control character and no endless text of a user key or a parameter', () => {
    const { log, lines } = keptLog();
    const stream = {
      id: 'c',
      route: '/',
      params: { workflow: 'a\u2028b' },
      fields: { stage: 'c\nd' },
      key: `x\n${'y'.repeat(5_000)}`,
      resumed: false,
    };
    accessLog({ log }).onOpen?.({
      stream,
      waitedMs: 1,
      early: false,
      lastEventIdHash: undefined,
      sharedSpan: undefined,
    });
    expect(lines[0]?.workflow).to.equal('a\\u{2028}b');
    expect(lines[0]?.stage).to.equal('c\\u{a}d');
    expect(String(lines[0]?.user))
      .to.match(/^x\\u\{a\}y+…$/)
      .and.have.length.below(220);
  });
});
