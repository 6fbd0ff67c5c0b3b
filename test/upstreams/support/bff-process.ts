// A BFF in a process of its own: `/dedicated` has an upstream connection for each browser, `/shared` one for all.
// Environment: PORT, and UPSTREAM, the URL of the event stream.
import express from 'express';
import { sseRouter } from '../../../packages/sse-proxy/src/index.ts';

const { PORT, UPSTREAM: target = '' } = process.env;
const resume = { minDelayMs: 20, maxDelayMs: 200 };
const options = { resume, retryMs: 50, warnings: false };
const router = sseRouter({ '/dedicated': { target, ...options }, '/shared': { target, share: true, ...options } });
express().use(router).listen(Number(PORT), '127.0.0.1');
