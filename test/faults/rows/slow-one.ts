// Must-show 4: the effect of one browser that does not read on the others and on the process.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';

const round = { events: 5, eventBytes: 20_000 };
export const slowClient = { maxBufferedBytes: 524_288, maxStallMs: 250 };
const othersCount = 50;

export const oneStopsReading: Row = {
  label: 'M4',
  fault: `1 browser stops reading, ${othersCount} others go on`,
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode, options: { slowClient }, upstream: { eventBytes: round.eventBytes } });
    const others = await scene.open(othersCount);
    const [slow] = await scene.open(1);
    // In lock step: the next events are sent when all other browsers have received these.
    const lap = async () => {
      const from = performance.now();
      await scene.emit(round.events, others);
      return performance.now() - from;
    };
    for (let n = 0; n < 5; n++) await lap();
    const control: number[] = [];
    for (let n = 0; n < 8; n++) control.push(await lap());
    slow?.stopReading();
    const stalled: number[] = [];
    let waited = 0;
    for (let stats = await scene.proxy.ask('stats'); stats.evicted === 0; stats = await scene.proxy.ask('stats')) {
      waited = Math.max(waited, stats.bufferedBytes);
      stalled.push(await lap());
    }
    for (let n = 0; n < 8; n++) control.push(await lap());
    slow?.read();
    scene.notes.lapsWhileStalled = stalled.length;
    scene.notes.lapMsControl = median(control);
    scene.notes.lapMsStalled = median(stalled);
    scene.notes.mostBytesWaiting = waited;
    scene.notes.othersCut = others.reduce((sum, { cuts }) => sum + cuts, 0);
    return scene.figures();
  },
};

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export const floodMb = { first: 30, later: 90 };

export const floodOnOneStopped: Row = {
  label: 'M4, flood',
  fault: `1 browser stops reading, ${floodMb.first + floodMb.later} MB for it and 2 others`,
  modes: both,
  async run(mode) {
    const eventBytes = 1_000;
    const scene = await Scene.set({ mode, options: { slowClient }, upstream: { eventBytes } });
    const others = await scene.open(2);
    const [slow] = await scene.open(1);
    await scene.emit(1);
    slow?.stopReading();
    // In lock step with the other browsers, so that none of them lags on a busy machine.
    const flood = async (mb: number) => {
      for (let sent = 0; sent < mb; sent++) await scene.emit(1e6 / eventBytes, others);
    };
    await flood(floodMb.first);
    scene.notes.peakMbAfterFirst = await scene.proxy.ask('peakMb');
    await flood(floodMb.later);
    scene.notes.peakMbAfterAll = await scene.proxy.ask('peakMb');
    slow?.leave();
    return scene.figures();
  },
};
