import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

const EVENTS_PER_ROUND = 10;

/** CPU of all threads, since zlib's streams work in others. */
export async function cpuUs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** CPU µs of writing each size to a socket, round by round. This process reads too, but between what is timed. */
export async function writing(sizes: readonly number[], browsers: number, rounds: number): Promise<number[][]> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let received = 0;
  const callback = (bytes: number) => {
    received += bytes;
    return true;
  };
  const onread = { buffer: Buffer.alloc(65_536), callback };
  const sockets: Socket[] = [];
  while (sockets.length < browsers) {
    connect({ port, host: '127.0.0.1', onread });
    sockets.push(...((await once(server, 'connection')) as Socket[]));
  }
  const buffers = sizes.map((size) => Buffer.alloc(size, 'x'));
  const costs: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const spent = sizes.map(() => 0);
    for (let n = 0; n < EVENTS_PER_ROUND; n++) {
      for (const [at, buffer] of buffers.entries()) {
        received = 0;
        const us = await cpuUs(() => {
          for (const socket of sockets) socket.write(buffer);
        });
        spent[at] = (spent[at] ?? 0) + us;
        while (received < buffer.length * browsers) await setImmediate();
      }
    }
    costs.push(spent.map((us) => us / browsers / EVENTS_PER_ROUND));
  }
  for (const socket of sockets) socket.destroy();
  server.close();
  return costs;
}
