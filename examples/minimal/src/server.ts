import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';

const { UPSTREAM = 'http://localhost:4000/logs/stream', PORT = '3000' } = process.env;

const app = express();
app.get('/sse/logs/stream', sseProxy({ target: UPSTREAM }));
const server = app.listen(Number(PORT), (error) => {
  if (error) throw error;
  console.log('http://localhost:%d/sse/logs/stream', (server.address() as { port: number }).port);
});
