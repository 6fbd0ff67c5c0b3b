import type { SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';
import { gone } from '../../e2e/support/processes.ts';
import { type Child, startChild } from '../../scale/support/child.ts';
import type { ProxyAnswers } from './proxy-process.ts';

/** How a proxy process is started; the options are those that JSON can say. */
export interface ProxySetUp {
  readonly options: SseProxyOptions;
  readonly port?: number;
  /** Of the drain that SIGTERM starts. */
  readonly graceMs?: number;
  /** The upstream's name is resolved by a function whose answer `resolveTo` sets. */
  readonly lookup?: boolean;
  /** The only certificate that is trusted. */
  readonly ca?: string;
  /** Hooks misbehave as the query says. */
  readonly hooks?: boolean;
  /** A log sink writes to a pipe that nobody reads. */
  readonly blockedLog?: boolean;
}

const script = new URL('./proxy-process.ts', import.meta.url).href;

/** A process with the proxy under test. */
export type ProxyServer = Child<ProxyAnswers> & {
  /** SIGTERM; resolves when the process is gone. */
  terminate(): Promise<void>;
};

export async function startProxy(setUp: ProxySetUp, nodeOptions: readonly string[] = []): Promise<ProxyServer> {
  const child = await startChild<ProxyAnswers>(script, [JSON.stringify({ port: 0, ...setUp })], nodeOptions);
  const terminate = async () => {
    process.kill(child.pid, 'SIGTERM');
    await gone(child.pid);
  };
  return Object.assign(child, { terminate });
}
