import { fileURLToPath } from 'node:url';
import { pythonWithServers } from '../../../scripts/needs.mjs';
import type { ServiceSpec } from './service.ts';

export type Framework = 'FastAPI' | 'Flask';

/** Arguments of python3 that serve `app` of a module by uvicorn. */
const uvicorn = (module: string) => (port: number) => [
  ...['-m', 'uvicorn', `${module}:app`, '--port', `${port}`, '--log-level', 'warning'],
];

/**
 * Arguments of python3 that serve `app` of a module by gunicorn, with 64 threads per worker: a thread for each stream.
 */
const gunicorn = (module: string, workers: number) => (port: number) => [
  ...['-m', 'gunicorn', `${module}:app`, '--bind', `127.0.0.1:${port}`, '--workers', `${workers}`],
  ...['--worker-class', 'gthread', '--threads', '64', '--log-level', 'warning'],
];

const inFolder = (path: string, args: ServiceSpec['args'], env: Record<string, string>): ServiceSpec => ({
  command: pythonWithServers() ?? 'python3',
  args,
  cwd: fileURLToPath(new URL(path, import.meta.url)),
  env,
});

/** The log services of this folder. @param env `LOG_FILE` and `IDS`, see log_feed.py */
export function testService(framework: Framework, env: Record<string, string>): ServiceSpec {
  // One worker, because each has its own counter.
  const args = framework === 'FastAPI' ? uvicorn('fastapi_logs') : gunicorn('flask_logs', 1);
  return inFolder('.', args, env);
}

/** The log services of examples/upstreams. @param env `SSE_TOKEN`, `SQLITE_PATH` and `SSE_POLL_INTERVAL` */
export function exampleService(framework: Framework, env: Record<string, string>): ServiceSpec {
  // Two workers: the ids come from the database, so they are the same in both.
  const args = framework === 'FastAPI' ? uvicorn('fastapi_app') : gunicorn('flask_app', 2);
  return inFolder('../../../examples/upstreams/', args, env);
}
