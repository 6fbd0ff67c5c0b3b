import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import express from 'express';
import type session from 'express-session';
import type { SessionData } from 'express-session';
import { demoSignIn, sessions } from '../src/bff/session.ts';
import { SqliteSessions } from '../src/bff/sqlite-sessions.ts';
import { closeServer, listen } from '../src/listen.ts';

describe('sessions in a store that all BFFs share', () => {
  let folder: string;
  let server: Server;
  let url: string;
  let steps: string[];
  beforeEach(async () => {
    steps = [];
    folder = await mkdtemp(join(tmpdir(), 'datashop-sessions-'));
    const file = join(folder, 'sessions.sqlite');
    const app = express().set('trust proxy', 'loopback');
    app.use(sessions({ createStore: () => watched(new SqliteSessions(file)), secret: 'x'.repeat(32) }));
    app.get('/', demoSignIn, (_req, res) => {
      steps.push('page');
      res.end();
    });
    const listening = await listen(app, 0, '127.0.0.1');
    server = listening.server;
    url = `http://127.0.0.1:${listening.port}/`;
  });
  afterEach(async () => {
    await closeServer(server);
    await rm(folder, { recursive: true });
  });

  for (const [scheme, expected] of [
    ['https', /^__Host-datashop\.sid=.*; Secure(;|$)/],
    ['http', /^datashop\.sid=(?!.*; Secure)/],
  ] as const) {
    it(`gives a browser that comes over ${scheme} a cookie that it accepts`, async () => {
      const response = await fetch(url, { headers: { 'x-forwarded-proto': scheme } });
      expect(response.headers.getSetCookie()[0]).to.match(expected);
    });
  }

  it('the session of a visitor is stored before the page is sent', async () => {
    await (await fetch(url)).arrayBuffer();
    expect(steps.slice(0, 2)).to.deep.equal(['stored', 'page']);
  });

  function watched(store: session.Store): session.Store {
    const set = store.set.bind(store);
    store.set = (id: string, data: SessionData, done?: (error?: unknown) => void) =>
      set(id, data, (error) => {
        steps.push('stored');
        done?.(error);
      });
    return store;
  }
});
