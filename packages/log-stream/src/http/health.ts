import type { Response } from 'express';
import type { LogStore } from '../log-store.ts';

/** `/healthz`: the store can be read. The response contains nothing else. */
export async function sendHealth(store: LogStore, res: Response): Promise<void> {
  await check(store);
  send(res, 200, 'ok');
}

/**
 * `/readyz`: the store can be read, and the router is not closing. Otherwise load balancers send requests elsewhere.
 */
export async function sendReadiness(store: LogStore, closing: boolean, res: Response): Promise<void> {
  if (!closing) await check(store);
  send(res, closing ? 503 : 200, closing ? 'draining' : 'ready');
}

async function check(store: LogStore): Promise<void> {
  const { problem } = await store.health();
  if (problem !== undefined) throw problem;
}

function send(res: Response, statusCode: number, status: string): void {
  res.statusCode = statusCode;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.end(JSON.stringify({ status }));
}
