// Rows about restarts of the proxy, and about nginx in front of it.
import { startNginx } from '../support/nginx.ts';
import { Relay } from '../support/relay.ts';
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { endWithScene, until } from '../support/stage.ts';
import { Viewer } from '../support/viewer.ts';

export const graceMs = 1_500;

export const terminated: Row = {
  cites: '[row 25]',
  fault: 'SIGTERM',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, proxy: { graceMs } });
    const first = scene.proxy;
    const balancer = endWithScene(await Relay.start(first.port), (it) => it.close());
    scene.port = () => balancer.port;
    const viewers = await scene.open(40);
    await scene.emit(1);
    await scene.upstream.ask('run', 100);
    scene.proxy = await scene.startProxy();
    balancer.target = scene.proxy.port;
    await first.terminate();
    await until(() => viewers.every(({ opens, open }) => open && opens > 1));
    await scene.emit(10);
    const ends = viewers.flatMap(({ endedAt }) => endedAt).toSorted((a, b) => a - b);
    scene.notes.ended = ends.length;
    scene.notes.spreadMs = (ends.at(-1) ?? 0) - (ends[0] ?? 0);
    return scene.figures();
  },
};

export const proxyKilled: Row = {
  cites: '[row 26]',
  fault: 'proxy kill -9',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    const first = scene.proxy;
    const balancer = endWithScene(await Relay.start(first.port), (it) => it.close());
    scene.port = () => balancer.port;
    const viewers = await scene.open(20);
    await scene.emit(20);
    scene.proxy = await scene.startProxy();
    balancer.target = scene.proxy.port;
    await first.stop();
    await until(() => viewers.every(({ opens }) => opens > 1));
    await scene.emit(20);
    return scene.figures();
  },
};

export const proxyKilledInFlow: Row = {
  ...proxyKilled,
  label: '26, while events flow',
  cites: '[row 26]',
  async run(mode) {
    const scene = await Scene.set({ mode });
    const balancer = endWithScene(await Relay.start(scene.proxy.port), (it) => it.close());
    scene.port = () => balancer.port;
    const viewers = await scene.open(20);
    await scene.emit(1);
    await scene.upstream.ask('run', 200);
    for (let round = 2; round < 4; round++) {
      const old = scene.proxy;
      scene.proxy = await scene.startProxy();
      balancer.target = scene.proxy.port;
      await old.stop();
      await until(() => viewers.every(({ opens }) => opens >= round));
      await scene.reached((await scene.upstream.ask('head')).head);
    }
    return scene.figures();
  },
};

/** Shorter than the usual 60 s and the default 15 s, so that the test is fast. */
const readTimeoutMs = 2_000;
const heartbeatMs = 500;

export const behindNginx: Row = {
  cites: '[row 34]',
  fault: `nginx in front, read timeout ${readTimeoutMs} ms (heartbeat ${heartbeatMs} ms); reload`,
  modes: both,
  needs: 'nginx',
  async run(mode) {
    const scene = await Scene.set({ mode, options: { heartbeatMs } });
    const pass = `proxy_pass http://127.0.0.1:${scene.proxy.port}/sse; proxy_http_version 1.1; proxy_set_header Connection '';`;
    const nginx = endWithScene(
      await startNginx(`
        location /sse { ${pass} proxy_read_timeout ${readTimeoutMs}ms; }
        location /hasty { ${pass} proxy_read_timeout ${heartbeatMs / 2}ms; }`),
      (it) => it.close(),
    );
    scene.port = () => nginx.port;
    const viewers = await scene.open(5);
    await scene.emit(20);
    // Control: with a read timeout below the heartbeat's interval, nginx does cut, or responds with 504 if not even the
    // headers arrive in time.
    const hasty = endWithScene(new Viewer(scene.port, { path: '/hasty', from: 'any' }), (it) => it.leave());
    await until(() => hasty.cuts > 0 || hasty.failed === 504);
    hasty.leave();
    // The upstream stays silent for longer than nginx's read timeout.
    const beats = Math.ceil((1.5 * readTimeoutMs) / heartbeatMs);
    const before = viewers.map(({ heartbeats }) => heartbeats);
    await until(() => viewers.every(({ heartbeats }, n) => heartbeats >= (before[n] ?? 0) + beats));
    scene.notes.cutsWhileQuiet = viewers.reduce((sum, { cuts }) => sum + cuts, 0);

    await scene.upstream.ask('run', 200);
    nginx.reload();
    await until(() => viewers.every(({ opens, open }) => open && opens > 1));
    await scene.emit(20);
    return scene.figures();
  },
};

export const behindGzip: Row = {
  cites: '[row 35]',
  fault: 'nginx gzip in front',
  modes: both,
  needs: 'nginx',
  async run(mode) {
    const scene = await Scene.set({ mode });
    const nginx = endWithScene(
      await startNginx(`
        gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any; gzip_http_version 1.1;
        location /sse { proxy_pass http://127.0.0.1:${scene.proxy.port}; proxy_http_version 1.1; }`),
      (it) => it.close(),
    );
    scene.port = () => nginx.port;
    const viewers = await scene.open(3, { gzip: true });
    // Each event must arrive before the next one is sent, which could push it out of a buffer.
    for (let n = 0; n < 50; n++) await scene.emit(1);
    scene.notes.compressed = viewers.filter(({ compressed }) => compressed > 0).length;
    return scene.figures();
  },
};
