import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SqliteLogStore } from '../src/index.ts';
import { readSettings, SettingsError } from '../src/program/settings.ts';
import { startMongo } from './mongo-server/server.ts';
import { eventually, log, logsPath } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const script = fileURLToPath(new URL('../src/program/main.ts', import.meta.url));

describe('the settings of the program', () => {
  const base = { SQLITE_PATH: 'x.db' };
  for (const [env, message] of [
    [{ PORT: 'abc' }, 'PORT: expected a whole number from 0 to 65535, got "abc"'],
    [{ PORT: '65536' }, 'PORT: expected a whole number from 0 to 65535, got "65536"'],
    [{ PORT: '-1' }, 'PORT: expected a whole number'],
    [{ PORT: '80.5' }, 'PORT: expected a whole number'],
    [{ PORT: '0x50' }, 'PORT: expected a whole number'],
    [{ PORT: ' 80' }, 'PORT: expected a whole number'],
    [{ PORT: '80\n81' }, 'PORT: expected a whole number from 0 to 65535, got "80\\n81"'],
    [{ MONGODB_URI: 'mongodb://u:secret@h' }, 'SQLITE_PATH and MONGODB_URI: expected one store, got two'],
    [
      { SQLITE_PATH: '', MONGODB_URI: 'http://u:secret@h' },
      'MONGODB_URI: expected mongodb://… or mongodb+srv://…, got',
    ],
    [{ SQLITE_PATH: '', MONGODB_URI: 'mongodb://' }, 'MONGODB_URI: expected mongodb://…'],
    [{ SQLITE_PATH: '', MONGODB_URI: 'mongodb://h', REDIS_URL: 'secret' }, 'REDIS_URL: expected redis://… or rediss'],
    [
      { SQLITE_PATH: '', MONGODB_URI: 'mongodb://h', MONGODB_CREATE_INDEX: 'x' },
      'MONGODB_CREATE_INDEX: expected true or',
    ],
    [{ MONGODB_COLLECTION: 'logs' }, 'MONGODB_COLLECTION: expected MONGODB_URI beside it, got SQLITE_PATH'],
    [{ SQLITE_PATH: '' }, 'SQLITE_PATH or MONGODB_URI: expected the file or the server of the logs, got nothing'],
    [{ METRICS_PORT: 'abc' }, 'METRICS_PORT: expected a whole number from 0 to 65535, got "abc"'],
    [{ METRICS_HOST: '::1' }, 'METRICS_HOST: expected METRICS_PORT beside it, got nothing'],
    [{ SSE_TOKN: 'x' }, '"SSE_TOKN": expected one of SSE_TOKEN, SSE_POLL_INTERVAL, SSE_ENABLED'],
    [{ sse_token: 'x' }, '"sse_token": expected one of'],
    [{ 'SSE_\n': 'x' }, '"SSE_\\n": expected one of'],
    [{ SSE_TOKEN: '' }, 'SSE_TOKEN: expected visible ASCII characters, got an empty value'],
    [{ SSE_TOKEN: 'se cret' }, 'SSE_TOKEN: expected visible ASCII characters, got other characters'],
    [{ SSE_POLL_INTERVAL: '0' }, 'SSE_POLL_INTERVAL: expected seconds from 0.001 to 86400, got "0"'],
    [{ SSE_POLL_INTERVAL: '-5' }, 'SSE_POLL_INTERVAL: expected seconds'],
    [{ SSE_POLL_INTERVAL: '5s' }, 'SSE_POLL_INTERVAL: expected seconds'],
    [{ SSE_POLL_INTERVAL: '1e9' }, 'SSE_POLL_INTERVAL: expected seconds'],
    [{ SSE_POLL_INTERVAL: '86401' }, 'SSE_POLL_INTERVAL: expected seconds'],
    [{ SSE_POLL_INTERVAL: 'Infinity' }, 'SSE_POLL_INTERVAL: expected seconds'],
    [{ SSE_ENABLED: 'maybe' }, 'SSE_ENABLED: expected true or false, got "maybe"'],
    [{ SSE_ENABLED: 'constructor' }, 'SSE_ENABLED: expected true or false'],
  ] as const) {
    it(`the program refuses ${JSON.stringify(env)}`, () => {
      const read = () => readSettings({ ...base, ...env });
      expect(read)
        .to.throw(SettingsError, message)
        .with.property('message')
        .that.does.not.match(/secret|[\r\n]/);
    });
  }

  it('the settings of the program have defaults, and seconds and switches are read', () => {
    expect(readSettings({ ...base, PORT: '', SSE_ENABLED: '', HOME: '/root' })).to.deep.equal({
      port: 8610,
      host: '127.0.0.1',
      store: { kind: 'sqlite', path: 'x.db' },
      metrics: undefined,
      token: undefined,
      pollMs: undefined,
      stream: true,
    });
    const given = { PORT: '0', SSE_TOKEN: 'T', SSE_POLL_INTERVAL: '5', SSE_ENABLED: 'False' };
    const expected = { port: 0, host: '0.0.0.0', token: 'T', pollMs: 5_000, stream: false };
    expect(readSettings({ ...base, ...given })).to.include(expected);
    expect(readSettings({ ...base, SSE_POLL_INTERVAL: '0.25' }).pollMs).to.equal(250);
    expect(readSettings({ ...base, SSE_TOKEN: 'T', HOST: '::1' }).host).to.equal('::1');
    const metrics = { port: 9465, host: '127.0.0.1' };
    expect(readSettings({ ...base, METRICS_PORT: '9465' }).metrics).to.deep.equal(metrics);
    expect(readSettings({ MONGODB_URI: 'mongodb://h/etl' }).store).to.deep.equal({
      kind: 'mongodb',
      uri: 'mongodb://h/etl',
      collection: 'logs',
      redisUrl: undefined,
      createIndex: false,
    });
  });
});

describe('the program', () => {
  let folder: string;
  const running: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
  });
  afterEach(() => {
    leaveStreams();
    for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  function start(env: Record<string, string>, ...args: string[]) {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [script, ...args], {
      env: { PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    const lines: Record<string, unknown>[] = [];
    let rest = '';
    let notify = () => {};
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      if (args.length === 0) lines.push(...parts.map((line) => JSON.parse(line)));
      notify();
    });
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    /** Resolves with the first printed event of this name. */
    const printed = async (event: string) => {
      for (;;) {
        const found = lines.find((line) => line.event === event);
        if (found) return found;
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    };
    return { child, exit, printed, lines, stderr: text(child.stderr) };
  }

  it('the program serves pages and streams within the limits, drains at SIGTERM, and prints who opened and left', async () => {
    const path = join(folder, 'logs.db');
    const { child, exit, printed, lines } = start({ SQLITE_PATH: path, PORT: '0', SSE_TOKEN: 'T' });
    const { url } = (await printed('listening')) as { url: string };
    const origin = url.replace('0.0.0.0', '127.0.0.1');
    const headers = { authorization: 'Bearer T', 'x-user-id': 'ada' };
    expect(await (await fetch(`${origin}/readyz`)).json()).to.deep.equal({ status: 'ready' });
    expect((await fetch(origin + logsPath)).status).to.equal(401);
    const nothing = await fetch(`${origin}/nothing`);
    expect([nothing.status, (await nothing.json()).code]).to.deep.equal([404, 'ERR_LOG_STREAM_NOT_FOUND']);
    expect((await fetch(`${origin}/logs/stream`, { headers })).status).to.equal(404);

    const stream = await openStream(`${origin}${logsPath}/stream`, { headers });
    const pipeline = new SqliteLogStore({ path });
    await pipeline.append([log('from another process')]);
    await stream.untilMessage('from another process');
    const page = await (await fetch(origin + logsPath, { headers })).json();
    expect(page.ids).to.deep.equal(stream.events.map(({ id }) => id));
    await pipeline.close();
    for (let i = 0; i < 4; i++) (await openStream(`${origin}${logsPath}/stream`, { headers })).leave();
    const sixth = await fetch(`${origin}${logsPath}/stream`, { headers });
    expect([sixth.status, (await sixth.json()).code]).to.deep.equal([429, 'ERR_LOG_STREAM_LIMIT_RATE']);

    child.kill('SIGTERM');
    expect(await stream.untilEnd()).to.equal('end');
    expect(await exit).to.deep.equal([0, null]);
    const open = lines.find((line) => line.event === 'open');
    const close = lines.find((line) => line.event === 'close' && line.reason === 'draining');
    expect(open).to.include({ workspaceID: 'ws', workflowID: 'wf', resumed: false });
    expect(close).to.include({ id: open?.id, events: 1 });
    expect(JSON.stringify(lines)).to.not.match(/Bearer|from another process/);
    expect(lines.at(-1)?.event).to.equal('stopped');
  });

  it('the program shows metrics of streams, store and delivery on METRICS_PORT', async () => {
    const path = join(folder, 'logs.db');
    const { child, exit, printed } = start({ SQLITE_PATH: path, PORT: '0', METRICS_PORT: '0' });
    const { url, metrics } = (await printed('listening')) as { url: string; metrics: string };
    const stream = await openStream(`${url}${logsPath}/stream`);
    const pipeline = new SqliteLogStore({ path });
    expect((await fetch(`${url}${logsPath}?limit=x`)).status).to.equal(400);
    let written = 0;
    let scraped = '';
    // The first logs may be read by the stream itself, before it follows the store.
    while (!/^sse_logs_arrived_total [1-9]/m.test(scraped)) {
      await pipeline.append([log(`number ${++written}`)]);
      await stream.untilMessage(`number ${written}`);
      const response = await fetch(metrics);
      expect(response.headers.get('content-type')).to.match(/^text\/plain/);
      scraped = await response.text();
    }
    await pipeline.close();
    const route = '/wfm/workflow/workspace/:workspaceId/workflow/:workflowId/logs';
    for (const line of [
      `active_sse_connections{route="${route}/stream"} 1`,
      `sse_messages_sent_total{route="${route}/stream"} ${written}`,
      `sse_refused_total{route="${route}",reason="parameter",rule=""} 1`,
      `sse_gaps_total{route="${route}/stream",reason="unknown-id"} 0`,
      'sse_log_store_up 1',
      'sse_log_store_errors_total 0',
      `sse_log_store_figure{figure="logs"} ${written}`,
    ]) {
      expect(scraped.split('\n'), line).to.include(line);
    }
    const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(scraped)?.[1]);
    expect(value('sse_logs_arrived_total')).to.be.within(1, written);
    expect(value('sse_log_lag_seconds_count')).to.be.within(1, value('sse_logs_arrived_total'));
    expect((await fetch(metrics.replace('/metrics', '/'))).status).to.equal(404);
    child.kill('SIGTERM');
    expect(await exit).to.deep.equal([0, null]);
  });

  it('the program serves pages only with SSE_ENABLED=false', async () => {
    const { printed } = start({ SQLITE_PATH: join(folder, 'logs.db'), PORT: '0', SSE_ENABLED: 'false' });
    const { url } = (await printed('listening')) as { url: string };
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:/);
    expect((await fetch(url + logsPath)).status).to.equal(200);
    expect((await fetch(`${url}${logsPath}/stream`)).status).to.equal(404);
  });

  it('the program serves the logs of MongoDB, creates the index on demand, and goes on after the server was away', async () => {
    const mongo = await startMongo();
    const uri = `${mongo.uri.replace('/?', '/etl?')}&serverSelectionTimeoutMS=500`;
    await mongo.stop();
    const { child, exit, printed, lines } = start({ MONGODB_URI: uri, MONGODB_CREATE_INDEX: 'true', PORT: '0' });
    const { url } = (await printed('listening')) as { url: string };
    await printed('error');
    await mongo.restart();
    await eventually(() => lines.some(({ event, state }) => event === 'index' && state === 'ready'));
    const stream = await openStream(`${url}${logsPath}/stream`);
    await mongo.insert('etl.logs', [{ ...log('one'), time: new Date() }]);
    await stream.untilMessage('one');
    const created = mongo.commands.filter(({ name }) => name === 'createIndexes').map(({ command }) => command.indexes);
    expect(created[0][0].key).to.deep.equal({ 'meta.workspaceID': 1, 'meta.workflowID': 1, _id: 1 });
    await mongo.stop();
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 503);
    await mongo.restart();
    await mongo.insert('etl.logs', [{ ...log('two'), time: new Date() }]);
    await stream.untilMessage('two');
    expect(stream.messages).to.deep.equal(['one', 'two']);
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 200);
    child.kill('SIGTERM');
    expect(await exit).to.deep.equal([0, null]);
    await mongo.stop();
  });

  it('the program serves the logs of MongoDB while the index is created, and ends the build with SIGTERM', async () => {
    const mongo = await startMongo();
    mongo.fail({ failCommands: ['createIndexes'], blockConnection: true, blockTimeMS: 600_000 });
    const uri = mongo.uri.replace('/?', '/etl?');
    const { child, exit, printed, lines } = start({ MONGODB_URI: uri, MONGODB_CREATE_INDEX: 'true', PORT: '0' });
    const { url } = (await printed('listening')) as { url: string };
    const stream = await openStream(`${url}${logsPath}/stream`);
    await mongo.insert('etl.logs', [{ ...log('one'), time: new Date() }]);
    await stream.untilMessage('one');
    // On a busy machine it may have waited for the server before.
    const building = () => lines.find(({ event, state }) => event === 'index' && state === 'building');
    await eventually(() => building() !== undefined);
    expect(building()?.seconds).to.be.at.least(1);
    expect((await fetch(`${url}/readyz`)).status).to.equal(200);
    child.kill('SIGTERM');
    expect(await exit).to.deep.equal([0, null]);
    expect(lines.some(({ event, state }) => event === 'index' && state === 'ready')).to.equal(false);
    await mongo.stop();
  });

  for (const [env, args, code, line] of [
    [
      { SQLITE_PATH: 'x.db', PORT: 'abc' },
      [],
      2,
      'log-stream: PORT: expected a whole number from 0 to 65535, got "abc"\n',
    ],
    [{ SQLITE_PATH: 'x.db' }, ['serve'], 2, 'log-stream: "serve": unexpected argument; see --help\n'],
    [{ SQLITE_PATH: '/nowhere/x.db' }, [], 1, /^log-stream: SQLITE_PATH \/nowhere\/x\.db: [^\n]+\n$/],
  ] as const) {
    it(`the program exits with ${code} and one line for ${JSON.stringify(env)} ${args.join(' ')}`, async () => {
      const { exit, stderr } = start(env, ...args);
      expect(await exit).to.deep.equal([code, null]);
      if (typeof line === 'string') expect(await stderr).to.equal(line);
      else expect(await stderr).to.match(line);
    });
  }

  it('the program names every variable at --help and exits with 0', async () => {
    const { child, exit } = start({}, '--help');
    const shown = text(child.stdout);
    expect(await exit).to.deep.equal([0, null]);
    for (const name of [
      'SQLITE_PATH',
      'PORT',
      'HOST',
      'SSE_TOKEN',
      'SSE_POLL_INTERVAL',
      'SSE_ENABLED',
      'METRICS_PORT',
      'METRICS_HOST',
      'MONGODB_URI',
      'MONGODB_COLLECTION',
      'MONGODB_CREATE_INDEX',
      'REDIS_URL',
    ]) {
      expect(await shown).to.contain(name);
    }
  });
});
