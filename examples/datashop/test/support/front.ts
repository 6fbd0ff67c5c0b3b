import { bff } from '../../src/bff/app.ts';
import { closeServer, listen } from '../../src/listen.ts';

export interface Front {
  url: string;
  /** Sends a GET; without a session unless `headers` contain a cookie. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Visits the page and returns the session's cookie. */
  signIn(): Promise<string>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the BFF in this process, in front of `upstream`. */
export async function front(upstream: string, token: string): Promise<Front> {
  const { app, drain } = bff({ upstream, token });
  const { server, port } = await listen(app, 0, '127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  const get: Front['get'] = (path, headers = {}) => fetch(`${url}${path}`, { headers });
  return {
    url,
    get,
    signIn: async () => {
      const page = await get('/');
      await page.body?.cancel();
      return page.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    },
    drain: () => drain(0),
    close: async () => {
      await drain(0);
      const closed = closeServer(server);
      server.closeAllConnections();
      await closed;
    },
  };
}
