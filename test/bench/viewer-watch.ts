import type { Page } from 'playwright-core';

declare global {
  interface Window {
    watched: { tasks: number[]; frames: number[] };
  }
}

export interface Phase {
  name: string;
  longestMs: number;
  over50: number;
  over100: number;
  fpsMedian: number;
  fpsWorst: number;
  heapMb: number;
}

/** Begins to note long tasks and the time between frames; to be called before the page is opened. */
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

/** What was noted while `act` ran. */
export async function phase(page: Page, name: string, act: () => Promise<void>): Promise<Phase> {
  await page.evaluate(() => {
    window.watched = { tasks: [], frames: [] };
  });
  await act();
  const { tasks, frames } = await page.evaluate(() => window.watched);
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  frames.sort((a, b) => a - b);
  const fps = (quantile: number) => 1_000 / (frames[Math.floor((frames.length - 1) * quantile)] ?? Number.NaN);
  return {
    name,
    longestMs: Math.round(Math.max(0, ...tasks)),
    over50: tasks.length,
    over100: tasks.filter((ms) => ms > 100).length,
    fpsMedian: Math.round(fps(0.5)),
    fpsWorst: Math.round(fps(0.99)),
    heapMb: Math.round(usedSize / 2 ** 20),
  };
}
