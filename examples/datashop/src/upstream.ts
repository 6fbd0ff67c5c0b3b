import { SqliteLogStore } from '@datashop/log-stream';
import { forLogService, logServiceMetrics } from '@datashop/sse-metrics';
import express from 'express';
import { required } from './environment.ts';
import { closeServer, listen, listenForMetrics } from './listen.ts';
import { logService } from './log-service.ts';
import { addStreamsPage } from './log-service-page.ts';
import { observe } from './observe.ts';
import { runChild } from './processes/child.ts';

// The log service: another process on another port, so another origin.
await runChild(async () => {
  const store = new SqliteLogStore({ path: required('LOG_STORE') });
  const { observers, registry, metricsApp } = observe();
  const watching = [...observers.map(forLogService), logServiceMetrics({ registry, store })];
  const router = logService(store, required('TOKEN'), watching);
  const streamsPage = addStreamsPage(metricsApp, router);
  const app = express().disable('x-powered-by').use(router);
  const { server, port } = await listen(app, Number(required('PORT')), '127.0.0.1');
  const metrics = await listenForMetrics(metricsApp, server);
  return {
    port,
    metricsPort: metrics.port,
    stop: async () => {
      await router.close();
      streamsPage.close();
      await closeServer(server);
      await closeServer(metrics.server);
      await store.close();
    },
  };
});
