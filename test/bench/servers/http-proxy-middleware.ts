// With its default agent, the 257th browser hangs, so it gets an agent without a bound.
import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { serve, upstream } from './serve.ts';

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
const app = express();
app.use('/sse', createProxyMiddleware({ target: upstream, changeOrigin: true, agent }));
serve(app);
