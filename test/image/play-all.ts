import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { startMongo } from '../../packages/log-stream/test/mongo-server/server.ts';
import { RedisServer } from '../../packages/sse-redis/test/support/redis-server.ts';
import { play, unplay } from './kubernetes.ts';

/** How a container of a pod sees this machine. */
const host = 'host.containers.internal';
const ports = { bff: 3000, logService: 8610 };
const token = 'token-of-the-test';

/**
 * Plays both deployments of examples/deploy/kubernetes, with the tests' own MongoDB server and a Redis on this machine.
 * Returns what podman shows of their containers.
 */
export async function playAll(bffImage: string, logImage: string): Promise<Record<string, string>> {
  const mongo = await startMongo();
  // The server is on loopback only.
  const relay = createServer((socket) => {
    const up = connect(mongo.port, '127.0.0.1');
    socket.pipe(up).pipe(socket);
    socket.on('error', () => up.destroy());
    up.on('error', () => socket.destroy());
  }).listen(0, '0.0.0.0');
  await once(relay, 'listening');
  const redis = await RedisServer.start('protected-mode no', 'bind 0.0.0.0');
  const names = ['datashop-bff', 'log-service'];
  for (const name of names) unplay(name);
  try {
    const uri = `mongodb://${host}:${(relay.address() as AddressInfo).port}/datashop?directConnection=true`;
    const logService = await play(
      'log-service.yaml',
      logImage,
      { MONGODB_URI: uri, SSE_TOKEN: token },
      ports.logService,
      '/readyz',
    );
    const url = redis.url.replace('127.0.0.1', host);
    // The BFF refuses the secrets of the example.
    const secrets = { SESSION_SECRET: token, TOKEN: token };
    const settings = {
      UPSTREAM: `http://${host}:${ports.logService}`,
      REDIS: url,
      SESSION_STORE: `${url}/1`,
      ...secrets,
    };
    const bff = await play('bff.yaml', bffImage, settings, ports.bff, '/readyz');
    return { 'datashop-bff': bff, 'log-service': logService };
  } finally {
    for (const name of names) unplay(name);
    await redis.close();
    relay.close();
    await mongo.stop();
  }
}
