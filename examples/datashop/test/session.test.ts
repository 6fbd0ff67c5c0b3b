import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { logsPath, streamPath, workflows } from '../src/demo.ts';
import { type Front, front } from './support/front.ts';
import { type LogService, logService } from './support/log-service.ts';

describe('the session of the BFF', () => {
  let service: LogService;
  let bff: Front;
  let streams: ServerResponse[];

  beforeEach(async () => {
    streams = [];
    service = await logService((req, res) => {
      const stream = req.url?.includes('/stream');
      res.writeHead(200, { 'Content-Type': stream ? 'text/event-stream' : 'application/json' });
      if (!stream) return void res.end('{}');
      res.flushHeaders();
      streams.push(res);
    });
    bff = await front(service.url, 'token-of-the-service');
  });
  afterEach(async () => {
    await bff.close();
    await service.close();
  });

  const post = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${bff.url}/session/${path}`, { method: 'POST', headers });
  const userOf = async (cookie: string) => (await (await bff.get('/session', { cookie })).json()).user;
  const newCookie = (answer: Response) => answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';

  it('creates no session before the page is visited', async () => {
    const answer = await bff.get('/session');

    expect(await answer.json()).to.deep.equal({ user: null, workflows: [] });
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    expect(answer.headers.getSetCookie()).to.deep.equal([]);
  });

  it('signs each visitor of the page in as the first user, in a session of their own', async () => {
    const [one, two] = [await bff.signIn(), await bff.signIn()];

    expect(one).to.not.equal(two);
    expect(await userOf(one)).to.equal('ada');
    expect(await userOf(two)).to.equal('ada');
  });

  it('lists the workflows of the user, and no others', async () => {
    const ada = await (await bff.get('/session', { cookie: await bff.signIn() })).json();
    const grace = await (await bff.get('/session', { cookie: await bff.signIn('grace') })).json();

    expect(ada).to.deep.equal({ user: 'ada', workflows: [workflows.movies, workflows.penguins] });
    expect(grace).to.deep.equal({ user: 'grace', workflows: [workflows.earthquakes] });
  });

  it('a sign-in as another user ends the session of the first one and its streams', async () => {
    const before = await bff.signIn();
    const reader = (await bff.get(streamPath, { cookie: before })).body!.getReader();
    const answer = await post('sign-in?user=grace', { cookie: before });

    expect((await answer.json()).user).to.equal('grace');
    expect(await userOf(before)).to.equal(null);
    const ended = (async () => {
      while (!(await reader.read()).done);
    })();
    expect(await ended.catch((error: Error) => error.message)).to.equal('terminated');
  });

  for (const user of ['', 'Ada', 'mallory', 'constructor', '__proto__', 'ada,grace']) {
    it(`responds 400 to a sign-in as the unknown user "${user}", and keeps the session`, async () => {
      const cookie = await bff.signIn();

      expect((await post(`sign-in?user=${user}`, { cookie })).status).to.equal(400);
      expect(await userOf(cookie)).to.equal('ada');
    });
  }

  it('a sign-out invalidates the cookie, and another visit does not sign in again', async () => {
    const cookie = await bff.signIn();
    const answer = await post('sign-out', { cookie });
    const after = newCookie(answer);
    await (await bff.get('/', { cookie: after })).body?.cancel();

    expect(await answer.json()).to.deep.equal({ user: null, workflows: [] });
    expect(after).to.not.equal(cookie).and.not.equal('');
    for (const old of [cookie, after]) {
      expect(await userOf(old)).to.equal(null);
      expect((await bff.get(logsPath, { cookie: old })).status).to.equal(403);
      expect((await bff.get(streamPath, { cookie: old })).status).to.equal(403);
    }
  });

  it('a sign-in starts a session with a new id', async () => {
    const out = newCookie(await post('sign-out', { cookie: await bff.signIn() }));
    const answer = await post('sign-in', { cookie: out });
    const cookie = newCookie(answer);

    expect((await answer.json()).user).to.equal(await userOf(cookie));
    expect(cookie).to.not.equal(out);
    expect(await userOf(out)).to.equal(null);
    expect((await bff.get(logsPath, { cookie })).status).to.equal(200);
  });

  it('a sign-in keeps the user who is signed in', async () => {
    const cookie = await bff.signIn();
    const user = await userOf(cookie);

    expect(await (await post('sign-in', { cookie })).json()).to.include({ user });
    expect(await userOf(cookie)).to.equal(user);
  });

  it('a sign-out cuts all streams of its session and of no other', async () => {
    const [mine, theirs] = [await bff.signIn(), await bff.signIn()];
    const opened = await Promise.all([mine, mine, theirs].map((cookie) => bff.get(streamPath, { cookie })));
    const [first, second, other] = opened.map(({ body }) => body!.getReader());
    await post('sign-out', { cookie: mine });

    for (const reader of [first!, second!]) {
      const ended = (async () => {
        while (!(await reader.read()).done);
      })();
      expect(await ended.catch((error: Error) => error.message)).to.equal('terminated');
    }
    for (const stream of streams) stream.write('data: on\n\n');
    const decoder = new TextDecoder();
    let got = '';
    while (!got.includes('data: on')) got += decoder.decode((await other!.read()).value);
    await other!.cancel();
  });

  for (const [whose, headers, status] of [
    ['the page itself', { 'sec-fetch-site': 'same-origin' }, 200],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another host of this site', { 'sec-fetch-site': 'same-site' }, 403],
    ['a link typed in', { 'sec-fetch-site': 'none' }, 403],
    ['what is no browser', {}, 200],
  ] as const) {
    it(`responds ${status} to a sign-out sent by ${whose}`, async () => {
      const cookie = await bff.signIn();
      const answer = await post('sign-out', { cookie, ...headers });

      expect(answer.status).to.equal(status);
      expect(await userOf(cookie)).to.satisfy((user: unknown) => (user === null) === (status === 200));
    });
  }
});
