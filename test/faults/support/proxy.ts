import type { SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';
import { gone } from '../../e2e/support/processes.ts';
import { type Child, startChild } from '../../scale/support/child.ts';
import type { ProxyAnswers } from './proxy-process.ts';

/** How a proxy process is started. The options are those that JSON can express. */
export interface ProxySetUp {
  readonly options: SseProxyOptions;
  readonly port?: number;
  /** Grace time of the drain that SIGTERM starts, in ms. */
  readonly graceMs?: number;
  /** Resolves the upstream's name by a function whose result `resolveTo` sets. */
  readonly lookup?: boolean;
  /** The only trusted certificate, as PEM. */
  readonly ca?: string;
  /** Hooks fail as the query says. */
  readonly hooks?: boolean;
  /** `upstreamHeaders` sends a token and each user's tenant, which `identify` changes. */
  readonly identities?: boolean;
  /** Adds a log sink whose pipe has no reader. */
  readonly blockedLog?: boolean;
}

const script = new URL('./proxy-process.ts', import.meta.url).href;

/** A process with the proxy under test. */
export type ProxyServer = Child<ProxyAnswers> & {
  /** Sends SIGTERM; resolves when the process has ended. */
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
