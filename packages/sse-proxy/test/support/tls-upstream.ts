import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

/** An upstream behind TLS that sends one event and stays open. */
export async function tlsUpstream(identity: { key: string; cert: string }) {
  let asked = 0;
  const server = https.createServer(identity, (_, res) => {
    asked++;
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('data: over TLS\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    url: `https://127.0.0.1:${port}/logs/stream`,
    /** Requests that came through TLS. */
    asked: () => asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
