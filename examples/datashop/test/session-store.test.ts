import { expect } from 'chai';
import { Cookie, type SessionData } from 'express-session';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { RedisServer } from '../../../packages/sse-redis/test/support/redis-server.ts';
import { needs } from '../../../test/support/needs.ts';
import { bff } from '../src/bff/app.ts';
import { joinFleet } from '../src/bff/fleet.ts';
import { openSessionStore, type SessionStore } from '../src/bff/session-store.ts';
import { closeServer, listen } from '../src/listen.ts';

describe('sessions of all BFFs in Redis', () => {
  needs('redis');
  let redis: RedisServer;
  const opened: SessionStore[] = [];

  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis?.close());
  afterEach(() => {
    for (const { close } of opened.splice(0)) close();
  });

  /** One BFF's view of the sessions: the results of its store, also errors. */
  function open() {
    const sessions = openSessionStore(redis.url);
    opened.push(sessions);
    const store = sessions.createStore();
    const answer = (call: (done: (error: unknown, session?: unknown) => void) => void) =>
      new Promise((resolve) => call((error, session) => resolve(error ?? session)));
    return {
      onFailure: () => sessions.onFailure?.(),
      get: (id: string) => answer((done) => store.get(id, done)),
      destroy: (id: string) => answer((done) => store.destroy(id, done)),
      /** Repeats it until Redis can be reached. */
      set: (id: string, user: string) => {
        const session = { cookie: Object.assign(new Cookie(), { originalMaxAge: 60_000 }), user, signedOut: false };
        return until(async () => !(await answer((done) => store.set(id, session, done))));
      },
    };
  }

  const isOf = (user: string) => (session: unknown) => (session as SessionData | undefined)?.user === user;

  it('sessions in Redis are read by one BFF as another one wrote them, until they are destroyed', async () => {
    const [one, two] = [open(), open()];
    await one.set('id', 'ada');

    await until(async () => isOf('ada')(await two.get('id')));
    await two.destroy('id');
    expect(await one.get('id')).to.be.oneOf([undefined, null]);
  });

  it('a call that fails does not end a connection to Redis that is younger than 5 s', async () => {
    const sessions = open();
    await sessions.set('id', 'ada');
    sessions.onFailure();
    expect(await sessions.get('id')).to.satisfy(isOf('ada'));
  });

  it('sessions in Redis fail at once while Redis is away, and are read again when it is back', async () => {
    const sessions = open();
    await sessions.set('id', 'grace');

    await redis.kill();
    await until(async () => (await sessions.get('id')) instanceof Error);
    const startedAt = performance.now();
    expect(await sessions.get('id')).to.be.instanceOf(Error);
    expect(performance.now() - startedAt).to.be.below(1_000);

    await redis.restart();
    await sessions.set('id', 'grace');
    expect(isOf('grace')(await sessions.get('id'))).to.equal(true);
  });

  it('sessions in Redis are served until the server is closed, though the streams have been drained', async () => {
    Object.assign(process.env, { SESSION_STORE: redis.url, SESSION_SECRET: 'secret of the test' });
    const { app, drain, close } = bff({
      upstream: 'http://127.0.0.1:1',
      token: 'token',
      joinFleet: (registry) => joinFleet(redis.url, registry),
    });
    delete process.env.SESSION_STORE;
    delete process.env.SESSION_SECRET;
    const { server, port } = await listen(app, 0, '127.0.0.1');
    const visit = async () => {
      const page = await fetch(`http://127.0.0.1:${port}/`);
      await page.body?.cancel();
      return page.status;
    };
    await until(async () => (await visit()) === 200);

    await drain(0);
    expect(await visit()).to.equal(200);
    await closeServer(server);
    await close();
  });
});
