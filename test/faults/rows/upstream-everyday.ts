// Rows in which the upstream does what many healthy ones do: it ends, is late, sends a large event, or pauses.
import { both, type Row } from '../support/row.ts';
import { type Figures, type Mode, Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

export const retryMs = 500;
// More than the kernel's buffers hold, and less than the bounds of slow browsers.
const slowEvents = 12_000;
const slowBytes = 33_554_432;

export const finite: Row = {
  cites: '[row 1c]',
  fault: 'clean end of a stream without ids',
  modes: both,
  run: (mode) => end(mode, 0),
};

export const finiteSlow: Row = {
  cites: '[row 38]',
  fault: 'clean end of a stream without ids, 3 of 5 browsers read nothing until then',
  modes: ['shared'],
  run: (mode) => end(mode, 3),
};

/** The upstream ends while `slow` of 5 browsers have not read its events. They wait for all of the `retry:` time. */
async function end(mode: Mode, slow: number): Promise<Figures> {
  const scene = await Scene.set({
    mode,
    options: {
      retryMs,
      slowClient: { maxBufferedBytes: slowBytes },
      ...(mode === 'shared' && { share: { join: 'live', replay: { maxBytes: slowBytes } } }),
    },
    upstream: { eventBytes: 1_000 },
  });
  await scene.upstream.ask('set', { noIds: true });
  const quick = await scene.open(5 - slow, { patience: 1 });
  const stopped = await scene.open(slow, { patience: 1 });
  for (const viewer of stopped) viewer.stopReading();
  for (let sent = 0; sent < (slow > 0 ? slowEvents : 100); sent += 100) await scene.emit(100, quick);
  const requestsBefore = (await scene.upstream.ask('requests')).length;
  const endedAt = Date.now();
  await scene.upstream.ask('end');
  await until(() => quick.every(({ ends }) => ends.length > 0));
  const { closes } = await scene.proxy.ask('seen');
  scene.notes.openAfterEnd = scene.viewers.length - (closes['upstream-ended'] ?? 0);
  for (const viewer of stopped) viewer.read();
  await until(() => scene.viewers.every(({ ends, opens, open }) => ends.length === 1 && opens === 2 && open));
  const requests = await scene.upstream.ask('requests');
  scene.notes.askedAgainMs = (requests[requestsBefore]?.at ?? 0) - endedAt;
  scene.notes.ended = scene.viewers.filter(({ ends }) => ends[0] === 'upstream-ended').length;
  await scene.emit(10);
  return scene.figures();
}

export const lateHead: Row = {
  cites: '[row 39]',
  fault: 'headers with the first event, later than openAfterMs',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, options: { openAfterMs: 100 } });
    await scene.upstream.ask('set', { lateHead: true });
    const viewers = await scene.open(5);
    await until(() => viewers.every(({ states }) => states.length > 0));
    await scene.emit(50);
    scene.notes.told = viewers.filter(({ states }) => String(states) === 'connecting,restored').length;
    return scene.figures();
  },
};

export const maxEventBytes = 4_096;

export const largeEvent: Row = {
  cites: '[row 40]',
  fault: 'every tenth event over maxEventBytes',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, options: { maxEventBytes } });
    await scene.upstream.ask('set', { large: { every: 10, bytes: 10 * maxEventBytes } });
    await scene.open(5);
    for (let round = 0; round < 3; round++) await scene.emit(25);
    return scene.figures();
  },
};

export const hangs: Row = {
  cites: '[row 41]',
  fault: 'upstream hangs for longer than 3 s, later returns',
  modes: both,
  async run(mode) {
    // A slow machine gets time to respond to the first requests.
    const options = { idleTimeoutMs: 300, heartbeatMs: 100, headersTimeoutMs: 2_000 };
    const scene = await Scene.set({ mode, options });
    const viewers = await scene.open(5);
    await scene.emit(50);
    // On a slow machine they may have got the report before that the upstream is connecting.
    const told = viewers.map(({ states }) => states.length);
    const news = () => viewers.map(({ states }, index) => states.slice(told[index]));
    scene.upstream.signal('SIGSTOP');
    await until(() => news().every((states) => states.includes('lost')));
    scene.upstream.signal('SIGCONT');
    await scene.emit(50);
    await until(() => news().every((states) => states.at(-1) === 'restored'));
    // On a machine that stalls, the upstream may seem to hang again.
    scene.notes.told = news().filter((states) => /^(lost,restored,?)+$/.test(String(states))).length;
    return scene.figures();
  },
};
