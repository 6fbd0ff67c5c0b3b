import { readOptions } from '../../src/config/options.ts';
import { UpstreamPermits } from '../../src/config/upstream-permits.ts';
import { Registry } from '../../src/feed/shared/registry.ts';
import type { SharedRequest } from '../../src/feed/shared/shared-request.ts';
import { Ticker } from '../../src/lifecycle/ticker.ts';
import type { ShareOptions } from '../../src/types.ts';
import { MemoryUpstream } from './memory-upstream.ts';
import { bytesOf, Viewer } from './viewer.ts';

const address = { origin: 'http://upstream', path: '/' };

/** The registry's part of a browser's request: the same for all with the same header fields. */
export function madeOf(headers: string[]): SharedRequest {
  return { request: { address, headers }, key: headers.join(), looseKey: '' };
}

/**
 * A registry of shared feeds with an upstream in memory, for tests that turn the clock themselves. Browsers without an
 * id start at the tip unless `share` says otherwise.
 */
export function registryWith(share: ShareOptions = {}, upstreams = 1_000, maxOutageMs = 1_000) {
  const upstream = new MemoryUpstream();
  const resume = { minDelayMs: 1, maxDelayMs: 1, maxOutageMs };
  const config = readOptions({ target: address.origin, resume, share: { join: 'live', ...share } });
  const ticker = new Ticker(config.tickMs);
  const upstreamPermits = new UpstreamPermits(upstreams);
  const registry = new Registry({ config, upstream, ticker, upstreamPermits }, config.share || never());
  const gaps: string[] = [];
  const feedListener = {
    onUpstreamLost: () => {},
    onResume: () => {},
    onGap: ({ reason }: { reason: string }) => void gaps.push(reason),
  };
  const take = (cursor = '', fields: string[] = []) => {
    return registry.join({
      made: madeOf(fields),
      builder: undefined,
      cursor,
      feedListener,
      streamListener: feedListener,
    });
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
