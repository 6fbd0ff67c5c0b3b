// Rows in which the upstream's response to a resume is no event stream.
import { both, type Row } from '../support/row.ts';
import { Scene } from '../support/scene.ts';
import { until } from '../support/stage.ts';

export const retryAfterMs = 1_000;

export const busyAtResume: Row = {
  cites: '[row 12]',
  fault: '503 with Retry-After and 429 at resume',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    await scene.open(mode === 'shared' ? 5 : 1);
    await scene.emit(20);
    const headers = { 'Retry-After': String(retryAfterMs / 1_000) };
    await scene.upstream.ask('set', { answers: [{ status: 503, headers }, { status: 429 }] });
    scene.relay.breakAll('rst');
    await scene.emit(20);
    return scene.figures();
  },
};

export const awayTooLong: Row = {
  label: '12, past the budget',
  cites: '[row 12]',
  fault: '503 for longer than maxOutageMs',
  modes: both,
  async run(mode) {
    const resume = { minDelayMs: 5, maxDelayMs: 50, maxOutageMs: 300 };
    const scene = await Scene.set({ mode, options: { resume } });
    const viewers = await scene.open(5);
    await scene.emit(20);
    await scene.upstream.ask('set', { answer: { status: 503 } });
    scene.relay.breakAll('rst');
    await scene.emit(20, []);
    await until(() => viewers.every(({ ends, refusals }) => ends.length === 1 && refusals.length > 0));
    await scene.upstream.ask('set', { answer: undefined });
    return scene.figures();
  },
};

/** One row for each status that is final during a resume. */
export const neverAtResume: readonly Row[] = [204, 400, 401, 403, 410].map((status) => ({
  cites: '[row 13]',
  fault: `${status} at resume`,
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    const viewers = await scene.open(5);
    await scene.emit(20);
    await scene.upstream.ask('set', { answer: { status } });
    scene.relay.breakAll('rst');
    await until(() => viewers.every(({ failed }) => failed === status));
    return scene.figures();
  },
}));

export const movedAtResume: Row = {
  cites: '[row 46]',
  fault: '404 and a redirect while the upstream is replaced',
  modes: both,
  async run(mode) {
    const scene = await Scene.set({ mode });
    await scene.open(5);
    await scene.emit(20);
    const redirect = { status: 302, headers: { Location: 'http://127.0.0.1:1/elsewhere' } };
    await scene.upstream.ask('set', { answers: [{ status: 404 }, redirect, { status: 404 }] });
    scene.relay.breakAll('rst');
    await scene.emit(20);
    return scene.figures();
  },
};
