import { SqliteLogStore } from '@datashop/log-stream';
import express from 'express';
import { required } from './environment.ts';
import { closeServer, listen } from './listen.ts';
import { logService } from './log-service.ts';
import { runChild } from './processes/child.ts';

// The log service: another process on another port, so another origin.
await runChild(async () => {
  const store = new SqliteLogStore({ path: required('LOG_STORE') });
  const router = logService(store, required('TOKEN'));
  const app = express().disable('x-powered-by').use(router);
  const { server, port } = await listen(app, Number(required('PORT')), '127.0.0.1');
  return {
    port,
    stop: async () => {
      await router.close();
      await closeServer(server);
      await store.close();
    },
  };
});
