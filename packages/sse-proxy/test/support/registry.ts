import { readOptions } from '../../src/config/options.ts';
import { Registry } from '../../src/feed/registry.ts';
import { Heartbeat } from '../../src/lifecycle/heartbeat.ts';
import type { ShareOptions } from '../../src/types.ts';
import { MemoryUpstream } from './memory-upstream.ts';
import { bytesOf, Viewer } from './viewer.ts';

const address = { origin: 'http://upstream', path: '/' };

/** A registry of shared feeds with an upstream in memory; for tests that turn the clock themselves. */
export function registryWith(share: ShareOptions = {}) {
  const upstream = new MemoryUpstream();
  const resume = { minDelayMs: 1, maxDelayMs: 1, maxOutageMs: 1_000 };
  const config = readOptions({ target: address.origin, resume, share });
  const registry = new Registry({ config, upstream, heartbeat: new Heartbeat(config.beatMs) }, config.share || never());
  const gaps: string[] = [];
  const feedListener = { onResume: () => {}, onGap: ({ reason }: { reason: string }) => void gaps.push(reason) };
  const take = (cursor = '', fields: string[] = []) => {
    const request = { address, headers: fields };
    return registry.join({ request, cursor, key: undefined, feedListener, prepare: async () => request });
  };
  const join = async (last?: number) => {
    const viewer = new Viewer(last, true);
    viewer.join(take(viewer.cursor), upstream.log.length);
    await settle();
    return viewer;
  };
  const emit = (count: number) => {
    for (let i = 0; i < count; i++) upstream.emit(bytesOf(upstream.log.length + 1, 0));
  };
  const arrive = (...which: number[]) => {
    for (const at of which) upstream.live[at]?.arrive(1_000_000, 1_000_000);
  };
  return { upstream, registry, take, join, emit, arrive, gaps };
}

/** All that hangs on promises has run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function never(): never {
  throw new Error('not reached');
}
