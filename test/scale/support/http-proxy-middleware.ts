// A process with http-proxy-middleware and its defaults. Its argument is the target.
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { answer } from './child.ts';

let requests = 0;
const app = express();
app.use('/sse', (_req, _res, next) => {
  requests++;
  next();
});
app.use('/sse', createProxyMiddleware({ target: process.argv[2] as string, changeOrigin: true }));
const server = app.listen(0, '127.0.0.1', (error) => {
  if (error) throw error;
  answer((server.address() as AddressInfo).port, answers);
});

const answers = {
  /** Resolves when `count` requests have reached the middleware. */
  async received(expected: number): Promise<void> {
    await until(() => requests >= expected);
  },
};
export type HttpProxyMiddlewareAnswers = typeof answers;
