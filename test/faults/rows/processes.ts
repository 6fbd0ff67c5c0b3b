// Rows in which the proxy's own process is in trouble.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

export const loopStalls: Row = {
  cites: '[row 21]',
  fault: 'event loop stalls 5 s',
  modes: both,
  async run(mode) {
    const options = { idleTimeoutMs: 2_000, headersTimeoutMs: 2_000, connectTimeoutMs: 2_000 };
    const scene = await Scene.set({ mode, options });
    await scene.open(5);
    await scene.emit(1);
    await scene.upstream.ask('run', 100);
    await scene.proxy.ask('block', 5_000);
    await scene.emit(10);
    return scene.figures();
  },
};

const hourMs = 3_600_000;

export const clockJumps: Row = {
  cites: '[row 22]',
  fault: 'clock jumps ±1 h',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({
      mode,
      options: { idleTimeoutMs: 10_000, heartbeatMs: 100, maxDurationMs: 600_000 },
    });
    const viewers = await scene.open(5);
    await scene.upstream.ask('run', 200);
    for (const shiftMs of [hourMs, 0, -hourMs, 0]) {
      await scene.proxy.ask('shiftClock', shiftMs);
      await scene.upstream.ask('reached', (await scene.upstream.ask('head')).head + 100);
    }
    scene.notes.cutsBeforeTheBlip = viewers.reduce((sum, { cuts }) => sum + cuts, 0);
    // The wall clock must not age the replay ring either.
    await scene.proxy.ask('shiftClock', hourMs);
    viewers[0]?.blip();
    await scene.emit(20);
    return scene.figures();
  },
};

/** Limits the file descriptors of a running process. */
async function limitFds(pid: number, fds: number): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--nofile=${fds}:`]);
}

export const fdsRunOut: Row = {
  cites: '[row 23]',
  fault: 'file descriptors run out',
  linux: 'prlimit',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    const { proxy } = scene;
    await scene.open(5);
    await scene.emit(10);
    await limitFds(proxy.pid, (await proxy.ask('fds')) + 1);
    const waiting = Array.from({ length: 10 }, () => scene.visit({ from: 'any' }));
    await until(() => waiting.every(({ attempts, open }) => open || attempts > 2));
    scene.notes.openAtTheLimit = waiting.filter(({ open }) => open).length;
    await scene.emit(20, scene.viewers.slice(0, 5));
    await limitFds(proxy.pid, 20_000);
    await until(() => waiting.every(({ open, opens, refusals }) => open && opens > refusals.length));
    await scene.emit(20);
    scene.notes.attempts = scene.viewers.reduce((sum, { attempts }) => sum + attempts, 0);
    return scene.figures();
  },
};

export const smallHeap: Row = {
  cites: '[row 24]',
  fault: 'small heap (--max-old-space-size=32), 10 browsers read nothing of a flood',
  modes: both,
  async run(mode) {
    const slowClient = { maxBufferedBytes: 1_048_576, maxStallMs: 500, maxTotalBytes: 4_194_304 };
    const scene = await Scene.set({
      mode,
      options: { slowClient },
      nodeOptions: ['--max-old-space-size=32'],
      upstream: { eventBytes: 1_000 },
    });
    const [reading] = await scene.open(1);
    const stopped = await scene.open(10);
    await scene.emit(1);
    for (const viewer of stopped) viewer.stopReading();
    await scene.emit(12_000, reading && [reading]);
    await until(async () => (await scene.proxy.ask('stats')).evicted >= stopped.length);
    for (const viewer of stopped) viewer.read();
    return scene.figures();
  },
};

export const hooksFail: Row = {
  cites: '[row 27]',
  fault: 'hook, observer, limiter throws or hangs',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, proxy: { hooks: true }, options: { hookTimeoutMs: 150 } });
    await scene.open(5);
    await scene.emit(10);
    const hooks = ['authorize', 'target', 'upstreamHeaders', 'limits'];
    const failing = hooks.flatMap((hook) =>
      ['throw', 'reject', 'hang'].map((how) => scene.visit({ from: 'any', path: `/sse?${hook}=${how}` })),
    );
    await until(() => failing.every(({ refusals }) => refusals.length > 0));
    for (const viewer of failing) viewer.leave();
    scene.relay.breakAll('rst');
    await scene.emit(20);
    return scene.figures();
  },
};

export const logBlocked: Row = {
  cites: '[row 28]',
  fault: 'log sink blocked',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, proxy: { blockedLog: true } });
    await scene.open(5);
    for (let round = 0; round < 10; round++) {
      const passing = await scene.open(10, { from: 'any' });
      for (const viewer of passing) viewer.leave();
      await scene.emit(10);
    }
    Object.assign(scene.notes, await scene.proxy.ask('log'));
    // The pipe to the log's process is still open.
    const figures = await scene.figures();
    return { ...figures, fdsAfter: figures.fdsAfter - 1 };
  },
};
