import { bff } from '../../src/bff/app.ts';
import { closeServer, listen } from '../../src/listen.ts';
import type { StreamLogs } from '../../src/observe.ts';

export interface Front {
  url: string;
  /** Origin of `/metrics`. */
  metricsUrl: string;
  /** Sends a GET; without a session unless `headers` contain a cookie. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Visits the page, signs in as the user if one is named, and returns the session's cookie. */
  signIn(user?: string): Promise<string>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

/** Starts the BFF in this process, in front of `upstream`. Without `logs`, nothing is logged. */
export async function front(upstream: string, token: string, logs?: StreamLogs): Promise<Front> {
  const { app, metricsApp, drain } = bff({ upstream, token, ...(logs && { logs }) });
  const { server, port } = await listen(app, 0, '127.0.0.1');
  const metrics = await listen(metricsApp, 0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const get: Front['get'] = (path, headers = {}) => fetch(`${url}${path}`, { headers });
  return {
    url,
    metricsUrl: `http://127.0.0.1:${metrics.port}`,
    get,
    signIn: async (user) => {
      const page = await get('/');
      await page.body?.cancel();
      const visited = cookieOf(page);
      if (user === undefined) return visited;
      const headers = { cookie: visited };
      const answer = await fetch(`${url}/session/sign-in?user=${user}`, { method: 'POST', headers });
      await answer.body?.cancel();
      // No new session for the user who is signed in already.
      return cookieOf(answer) || visited;
    },
    drain: () => drain(0),
    close: async () => {
      await drain(0);
      for (const it of [server, metrics.server]) {
        const closed = closeServer(it);
        it.closeAllConnections();
        await closed;
      }
    },
  };
}
