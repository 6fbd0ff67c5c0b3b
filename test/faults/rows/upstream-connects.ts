// Rows in which the upstream is unreachable, or has moved.
import { trusted, untrusted } from '../support/certificates.ts';
import { Relay } from '../support/relay.ts';
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { endWithScene, until } from '../support/stage.ts';
import { fillBacklog } from '../support/upstream.ts';

export const connectBlackhole: Row = {
  cites: '[row 6]',
  fault: 'connect blackhole',
  linux: 'a full backlog drops SYNs',
  modes: both,
  async run(mode) {
    const backlog = 1;
    const options = { connectTimeoutMs: 150 };
    const scene = await Scene.set({ mode, direct: true, options, upstream: { backlog } });
    // A stopped process with a full backlog: the kernel drops every further SYN.
    scene.upstream.signal('SIGSTOP');
    const filler = endWithScene(await fillBacklog(scene.upstream.port, backlog), (it) => it.close());
    const viewers = Array.from({ length: 5 }, () => scene.visit());
    await until(() => viewers.every(({ refusals }) => refusals.length > 0));
    filler.close();
    scene.upstream.signal('SIGCONT');
    await until(() => viewers.every(({ opens, refusals, open }) => open && opens > refusals.length));
    await scene.emit(50);
    return scene.figures();
  },
};

export const headersNeverFinish: Row = {
  cites: '[row 7]',
  fault: 'headers never finish',
  modes: both,
  async run(mode) {
    // Without the early opening of [row 39], the timeout leads to a refusal.
    const options = { headersTimeoutMs: 150, openAfterMs: false as const };
    const scene = await Scene.set({ mode, options, relay: { hang: 'head' } });
    const viewers = Array.from({ length: 5 }, () => scene.visit());
    await until(() => viewers.every(({ refusals }) => refusals.length > 0));
    scene.relay.rules = { hang: 'silent' };
    const { accepted } = scene.relay;
    await until(() => scene.relay.accepted > accepted + 1);
    scene.relay.rules = {};
    await until(() => viewers.every(({ opens, refusals, open }) => open && opens > refusals.length));
    await scene.emit(50);
    return scene.figures();
  },
};

export const badTlsAtResume: Row = {
  cites: '[row 14]',
  fault: 'bad TLS at resume',
  modes: both,
  async run(mode) {
    const tls = endWithScene(await Relay.start(0, {}, trusted), (it) => it.close());
    const options = {
      target: `https://localhost:${tls.port}/logs/stream`,
      resume: { minDelayMs: 5, maxDelayMs: 50, maxOutageMs: 400 },
    };
    const scene = await Scene.set({ mode, options, proxy: { ca: trusted.cert } });
    tls.target = scene.upstream.port;
    const viewers = await scene.open(5);
    await scene.emit(20);
    tls.identify(untrusted);
    tls.breakAll('rst');
    await scene.emit(20, []);
    await until(() => viewers.every(({ ends }) => ends.length > 0));
    const reached = tls.accepted;
    await until(() => viewers.every(({ refusals }) => refusals.length > 0));
    tls.identify(trusted);
    await scene.settle();
    const figures = await scene.figures();
    return { ...figures, requests: reached };
  },
};

export const dnsChanges: Row = {
  cites: '[row 15]',
  fault: 'DNS answer changes',
  linux: 'all of 127.0.0.0/8 is local',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, direct: true, named: 'upstream.test', proxy: { lookup: true } });
    await scene.open(5);
    await scene.emit(50);
    await scene.upstream.kill();
    await scene.upstream.restart('127.0.0.2');
    await scene.proxy.ask('resolveTo', '127.0.0.2');
    await scene.emit(50);
    return scene.figures();
  },
};
