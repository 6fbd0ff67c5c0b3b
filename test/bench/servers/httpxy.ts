// With its default agent, the 257th browser hangs, so it gets an agent without a bound.
import { Agent } from 'node:http';
import express from 'express';
import { createProxyServer } from 'httpxy';
import { serve, upstream } from './serve.ts';

const proxy = createProxyServer({ agent: new Agent({ maxSockets: Number.POSITIVE_INFINITY }) });
const app = express();
app.use((req, res) => proxy.web(req, res, { target: upstream }));
serve(app);
