import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';

declare global {
  interface Window {
    watched: { tasks: number[]; frames: number[] };
  }
}

export interface Phase {
  name: string;
  /** Of the page's main thread, by the clock: what a person sees, including the machine's other work. */
  longestMs: number;
  over50: number;
  over100: number;
  /** Of the same thread, by its CPU time: the page's own work, and the pauses that make it slower. */
  longestCpuMs: number;
  busyPercent: number;
  fpsMedian: number;
  fpsWorst: number;
}

/** What no task may exceed, so that a click or a key is answered before it is felt to be late. */
const limitMs = 100;

/** Folder of the traces, if they are wanted. */
const { TRACES } = process.env;

const categories = [
  'toplevel',
  '__metadata',
  ...(TRACES ? ['devtools.timeline', 'disabled-by-default-v8.cpu_profiler', 'v8', 'blink'] : []),
];

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds of CPU time. */
  tdur?: number;
  args: { name?: string };
}

/**
 * Records long tasks and the time between frames, and makes the page's main thread slower. Call it before the page is
 * opened.
 *
 * @param slowdown 4: everything takes four times as long, which the browser reaches by pauses
 */
export async function watch(page: Page, slowdown: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  await page.addInitScript(() => {
    window.watched = { tasks: [], frames: [] };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.watched.tasks.push(duration);
    }).observe({ entryTypes: ['longtask'] });
    let last = performance.now();
    const frame = (now: number) => {
      window.watched.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** Returns what was recorded while `act` ran. */
export async function phase(page: Page, name: string, act: () => Promise<void>): Promise<Phase> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories });
  await page.evaluate(() => {
    window.watched = { tasks: [], frames: [] };
  });
  const began = performance.now();
  await act();
  const { tasks, frames } = await page.evaluate(() => window.watched);
  const tookMs = performance.now() - began;
  const cpuMs = await tasksByCpu(browser, name);
  frames.sort((a, b) => a - b);
  const fps = (quantile: number) => Math.round(1_000 / (frames[Math.floor((frames.length - 1) * quantile)] ?? 1));
  return {
    name,
    longestMs: Math.round(Math.max(0, ...tasks)),
    over50: tasks.length,
    over100: tasks.filter((ms) => Math.round(ms) > limitMs).length,
    longestCpuMs: Math.round(cpuMs.reduce((longest, ms) => Math.max(longest, ms), 0)),
    busyPercent: Math.round((cpuMs.reduce((sum, ms) => sum + ms, 0) / tookMs) * 100),
    fpsMedian: fps(0.5),
    fpsWorst: fps(0.99),
  };
}

/** One line that says in which parts tasks exceeded the limit, and by how much the longest did. */
export function verdict(phases: readonly Pick<Phase, 'name' | 'longestMs' | 'over100'>[]): string {
  const slow = phases.filter(({ over100 }) => over100 > 0);
  if (slow.length === 0) return `No task took more than ${limitMs} ms.`;
  const parts = slow.map(
    ({ name, longestMs, over100 }) => `${name} ${over100}, up to ${longestMs} ms (${longestMs - limitMs} ms too long)`,
  );
  return `Tasks of more than ${limitMs} ms: ${parts.join('; ')}.`;
}

async function tasksByCpu(browser: Browser, name: string): Promise<number[]> {
  const trace = await browser.stopTracing();
  if (TRACES) {
    await mkdir(TRACES, { recursive: true });
    await writeFile(join(TRACES, `${name.replaceAll(' ', '-')}.json`), trace);
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  return traceEvents
    .filter(({ ph, name }) => ph === 'X' && name === 'ThreadControllerImpl::RunTask')
    .filter(({ pid, tid }) => mains.some((main) => main.pid === pid && main.tid === tid))
    .map(({ tdur = 0 }) => tdur / 1_000);
}

/**
 * The page's heap without garbage. Call it when everything is measured: after a collection that was asked for, V8
 * collects again when the heap has grown by a few megabytes.
 */
export async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return Math.round(usedSize / 2 ** 20);
}
