import { list, required } from '../environment.ts';
import { closeServer, listen } from '../listen.ts';
import { runChild } from '../processes/child.ts';
import { bff } from './app.ts';

/** Milliseconds: long enough to see on the page how a stream ends, short enough for Ctrl-C. */
const graceMs = 500;

await runChild(async () => {
  const hosts = list('ALLOWED_HOSTS');
  const { app, drain } = bff({ upstream: required('UPSTREAM'), token: required('TOKEN'), ...(hosts && { hosts }) });
  // Loopback by default, because every visitor of the page gets a user.
  const { server, port } = await listen(app, Number(required('PORT')), process.env.HOST || '127.0.0.1');
  return {
    port,
    stop: async () => {
      await drain(graceMs);
      await closeServer(server);
    },
  };
});
