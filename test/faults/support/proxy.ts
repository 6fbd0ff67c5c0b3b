import { gone } from '../../e2e/support/processes.ts';
import { type Child, startChild } from '../../scale/support/child.ts';
import { bundle } from './bundle.ts';
import type { ProxyAnswers } from './proxy-process.ts';
import type { ProxySetUp } from './proxy-set-up.ts';

const script = new URL('./proxy-process.ts', import.meta.url);

/** A process with the proxy under test. */
export type ProxyServer = Child<ProxyAnswers> & {
  /** Sends SIGTERM; resolves when the process has ended. */
  terminate(): Promise<void>;
};

export async function startProxy(setUp: ProxySetUp, nodeOptions: readonly string[] = []): Promise<ProxyServer> {
  const child = await startChild<ProxyAnswers>(
    await bundle(script),
    [JSON.stringify({ port: 0, ...setUp })],
    nodeOptions,
  );
  const terminate = async () => {
    process.kill(child.pid, 'SIGTERM');
    await gone(child.pid);
  };
  return Object.assign(child, { terminate });
}
