import { required } from '../environment.ts';
import { closeServer, listen } from '../listen.ts';
import { runChild } from '../processes/child.ts';
import { bff } from './app.ts';

/** Long enough for a person to see on the page how the stream is ended, short enough for Ctrl-C. */
const GRACE_MS = 500;

await runChild(async () => {
  const { app, drain } = bff({ upstream: required('UPSTREAM'), token: required('TOKEN') });
  // Loopback unless told otherwise: whoever reaches the page is signed in.
  const { server, port } = await listen(app, Number(required('PORT')), process.env.HOST ?? '127.0.0.1');
  return {
    port,
    stop: async () => {
      await drain(GRACE_MS);
      await closeServer(server);
    },
  };
});
