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
  /** Of the same thread, by its CPU time: the page's own work. */
  longestCpuMs: number;
  busyPercent: number;
  fpsMedian: number;
  fpsWorst: number;
  heapMb: number;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds of CPU time. */
  tdur?: number;
  args: { name?: string };
}

/** Records long tasks and the time between frames. Call it before the page is opened. */
export async function watch(page: Page): Promise<void> {
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
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await page.evaluate(() => {
    window.watched = { tasks: [], frames: [] };
  });
  const began = performance.now();
  await act();
  const { tasks, frames } = await page.evaluate(() => window.watched);
  const tookMs = performance.now() - began;
  const cpuMs = await tasksByCpu(browser);
  frames.sort((a, b) => a - b);
  const fps = (quantile: number) => Math.round(1_000 / (frames[Math.floor((frames.length - 1) * quantile)] ?? 1));
  return {
    name,
    longestMs: Math.round(Math.max(0, ...tasks)),
    over50: tasks.length,
    over100: tasks.filter((ms) => ms > 100).length,
    longestCpuMs: Math.round(cpuMs.reduce((longest, ms) => Math.max(longest, ms), 0)),
    busyPercent: Math.round((cpuMs.reduce((sum, ms) => sum + ms, 0) / tookMs) * 100),
    fpsMedian: fps(0.5),
    fpsWorst: fps(0.99),
    heapMb: await heapMb(page),
  };
}

async function tasksByCpu(browser: Browser): Promise<number[]> {
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  return traceEvents
    .filter(({ ph, name }) => ph === 'X' && name === 'ThreadControllerImpl::RunTask')
    .filter(({ pid, tid }) => mains.some((main) => main.pid === pid && main.tid === tid))
    .map(({ tdur = 0 }) => tdur / 1_000);
}

async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return Math.round(usedSize / 2 ** 20);
}
