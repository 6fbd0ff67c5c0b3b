// nginx in one process, unbuffered. With the path of nchan's module, it also serves channels from memory, or from
// Redis.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveNative } from './native.ts';
import { backlog, redisUrl, upstream } from './serve.ts';

const [nginx = 'nginx', nchanModule] = process.argv.slice(4);
/** Where nchan has its channels; without it, in memory. */
const storage = redisUrl ? 'nchan_redis_pass redis;' : '';
const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

await serveNative((port, directory) => {
  mkdirSync(join(directory, 'logs'));
  writeFileSync(
    join(directory, 'nginx.conf'),
    `${nchanModule ? `load_module ${nchanModule};` : ''}
daemon off; master_process off; pid nginx.pid; error_log logs/error.log; worker_rlimit_nofile 65535;
events { worker_connections 60000; }
http {
  access_log off; keepalive_requests 1000000000; ${scratch.map((name) => `${name}_temp_path ${name};`).join(' ')}
  ${redisUrl ? `upstream redis { nchan_redis_server ${redisUrl}; }` : ''}
  server {
    listen 127.0.0.1:${port} backlog=${backlog};
    location / {
      proxy_pass ${upstream}; proxy_http_version 1.1; proxy_set_header Connection '';
      proxy_buffering off; proxy_cache off; proxy_read_timeout 1h;
    }
    ${
      nchanModule
        ? `nchan_message_buffer_length 100;
    location ~ ^/subscribe(/\\d+)?$ { nchan_subscriber eventsource; nchan_channel_id logs$1; ${storage} }
    location ~ ^/publish(/\\d+)?$ { nchan_publisher; nchan_channel_id logs$1; ${storage} }`
        : ''
    }
  }
}
`,
  );
  return [nginx, '-p', directory, '-e', 'logs/error.log', '-c', 'nginx.conf'];
});
