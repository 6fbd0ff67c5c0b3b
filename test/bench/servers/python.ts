// The customer's endpoint in Python. Flags: the path of Python, and which server.
import { fileURLToPath } from 'node:url';
import { serveNative } from './native.ts';
import { backlog, upstream } from './serve.ts';

const [python = 'python3', name = 'fastapi'] = process.argv.slice(4);
const folder = fileURLToPath(new URL('python', import.meta.url));
/** A thread serves one listener, and one more each that connects. */
const threads = 200;

process.env.UPSTREAM = upstream;
process.env.VARIANT = name;
process.env.PYTHONDONTWRITEBYTECODE = '1';

await serveNative((port) => {
  const host = '127.0.0.1';
  if (name === 'flask') {
    const worker = ['--worker-class', 'gthread', '--threads', `${threads}`, '--timeout', '0', '--log-level', 'error'];
    const bind = ['--bind', `${host}:${port}`, '--backlog', `${backlog}`];
    return [python, '-m', 'gunicorn', 'flask_endpoint:app', '--chdir', folder, ...bind, ...worker];
  }
  const address = ['--host', host, '--port', `${port}`, '--backlog', `${backlog}`];
  const quiet = ['--no-access-log', '--log-level', 'error'];
  return [python, '-m', 'uvicorn', 'fastapi_endpoint:app', '--app-dir', folder, ...address, ...quiet];
});
