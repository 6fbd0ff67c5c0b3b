import type { Request } from 'express';
import type { Config } from '../config/options.ts';
import { runInRootContext } from '../lifecycle/async-context.ts';
import { TokenBackoff } from '../upstream/token-backoff.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { SourceCall } from './source-call.ts';

/** An upstream whose connections are calls of the option `source`. */
export function createSourceUpstream(
  source: NonNullable<Config['source']>,
  { headersTimeoutMs }: Pick<Config, 'headersTimeoutMs'>,
): Upstream {
  const count = { connections: 0 };
  return {
    tokenBackoff: new TokenBackoff(),
    get connections() {
      return count.connections;
    },
    open({ req, headers, isResume = false, run = runInRootContext }, handler) {
      const call = new SourceCall(count, handler, isResume);
      const context = Object.freeze({ lastEventId: lastEventId(headers), signal: call.signal });
      call.begin(() => source(req as Request, context), run, headersTimeoutMs);
      return call;
    },
  };
}

/** The feed appends the id to the other fields, as a byte string. */
function lastEventId(headers: readonly string[]): string | undefined {
  if (headers.at(-2) !== 'last-event-id') return undefined;
  return Buffer.from(headers.at(-1) as string, 'latin1').toString('utf8');
}
