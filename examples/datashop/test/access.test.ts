import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createLogDocument, type LogStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import { expect } from 'chai';
import express from 'express';
import { adminPath, logsPath, streamPath, upstreamLogsPath, type Workflow, workflows } from '../src/demo.ts';
import { closeServer, listen } from '../src/listen.ts';
import { logService } from '../src/log-service.ts';
import { type Front, front } from './support/front.ts';

const token = 'token-of-the-bff';
const { movies, penguins, earthquakes } = workflows;
const rights = [
  ['ada', movies, true],
  ['ada', penguins, true],
  ['ada', earthquakes, false],
  ['grace', movies, false],
  ['grace', penguins, false],
  ['grace', earthquakes, true],
] as const;

const secretOf = ({ workflowID }: Workflow) => `secret of ${workflowID}`;
const logOf = (workflow: Workflow, message: string) =>
  createLogDocument({ ...workflow, message, stageName: 'S', pipelineID: 'p', execID: '1' });

interface Received {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Two users and three workflows: no user gets a log of a workflow that is not theirs, whatever the request. */
describe('access of two users to three workflows', () => {
  let store: SqliteLogStore;
  let router: LogStreamRouter;
  let service: Awaited<ReturnType<typeof listen>>;
  let serviceUrl: string;
  let bff: Front;
  const limits = ['STREAMS_PER_WORKFLOW', 'OPENS_PER_MINUTE', 'OPENS_PER_HOUR'];

  before(async () => {
    for (const name of limits) process.env[name] = '9999';
    store = new SqliteLogStore({ path: ':memory:' });
    router = logService(store, token);
    for (const name of limits) delete process.env[name];
    for (let i = 0; i < 3; i++) await store.append(Object.values(workflows).map((it) => logOf(it, secretOf(it))));
    service = await listen(express().use(router), 0, '127.0.0.1');
    serviceUrl = `http://127.0.0.1:${service.port}`;
    bff = await front(serviceUrl, token);
  });
  after(async () => {
    await bff?.close();
    await router.close({ graceMs: 0 });
    service.server.closeAllConnections();
    await closeServer(service.server);
    await store.close();
  });

  /**
   * Sends a path byte for byte. An opened stream is read until it has delivered a log that is appended to each workflow
   * after it was opened, or forever if it is of none of them.
   */
  async function send(url: string, path: string, headers: Record<string, string | string[]> = {}): Promise<Received> {
    const { hostname, port } = new URL(url);
    const req = request({ hostname, port, path, headers, agent: false }).end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    const isStream = res.headers['content-type']?.startsWith('text/event-stream');
    const marker = `marker ${Math.random()}`;
    if (isStream) await store.append(Object.values(workflows).map((it) => logOf(it, marker)));
    let body = '';
    for await (const chunk of res) {
      body += chunk;
      if (isStream && body.includes(marker)) break;
    }
    req.destroy();
    return { status: res.statusCode ?? 0, headers: res.headers, body };
  }

  const ofUser = async (user: string) => ({ cookie: await bff.signIn(user) });
  const asked = ({ workspaceID, workflowID }: Workflow) => `workspace=${workspaceID}&workflow=${workflowID}`;
  const serviceHeaders = (user: string) => ({ authorization: `Bearer ${token}`, 'x-user-id': user });
  const foreignSecrets = (user: string) =>
    rights.filter(([name, , allowed]) => name === user && !allowed).map(([, workflow]) => secretOf(workflow));
  const expectNothingForeign = (user: string, { body }: Received, what: string) => {
    for (const secret of foreignSecrets(user)) expect(body, what).to.not.contain(secret);
  };

  for (const [user, workflow, allowed] of rights) {
    const status = allowed ? 200 : 403;
    for (const path of [logsPath, streamPath]) {
      it(`the BFF responds ${status} to ${user} for ${workflow.workflowID} at ${path}`, async () => {
        const received = await send(bff.url, `${path}?history=500&limit=500&${asked(workflow)}`, await ofUser(user));

        expect(received.status).to.equal(status);
        expect(received.body.includes(secretOf(workflow))).to.equal(allowed);
        expectNothingForeign(user, received, path);
      });
    }

    for (const suffix of ['', '/stream']) {
      it(`the log service itself responds ${status} for ${user} at ${workflow.workflowID}/logs${suffix}`, async () => {
        const path = `${upstreamLogsPath(workflow)}${suffix}?history=500&limit=500`;
        const received = await send(serviceUrl, path, serviceHeaders(user));

        expect(received.status).to.equal(status);
        expect(received.body.includes(secretOf(workflow))).to.equal(allowed);
      });
    }
  }

  it('the BFF serves each user’s first workflow if none is named', async () => {
    for (const [user, workflow] of [
      ['ada', movies],
      ['grace', earthquakes],
    ] as const) {
      for (const path of [logsPath, streamPath]) {
        const received = await send(bff.url, `${path}?history=500&limit=500`, await ofUser(user));
        expect(received.body).to.contain(secretOf(workflow));
        expectNothingForeign(user, received, path);
      }
    }
  });

  // By ada, who may read datashop-demo/l5-etl and not seismology/earthquakes.
  const queries = [
    'workspace=seismology&workflow=earthquakes',
    'workspace=seismology',
    'workflow=earthquakes',
    'workspace=&workflow=',
    'workspace=datashop-demo&workflow=earthquakes',
    'workspace=seismology&workflow=l5-etl',
    'workspace=Seismology&workflow=Earthquakes',
    '%77orkspace=%73eismology&%77orkflow=%65arthquakes',
    'WORKSPACE=seismology&WORKFLOW=earthquakes',
    'workspace[]=seismology&workflow[]=earthquakes',
    'workspaceId=seismology&workflowId=earthquakes',
    'workspaceID=seismology&workflowID=earthquakes',
    'workspace=datashop-demo&workspace=seismology&workflow=l5-etl&workflow=earthquakes',
    'workspace=seismology&workspace=datashop-demo&workflow=earthquakes&workflow=l5-etl',
    'workspace=datashop-demo&workflow=l5-etl&%77orkflow=earthquakes',
    'workspace=datashop-demo%2fworkflow%2fl5-etl%2f..%2f..%2f..%2fseismology&workflow=earthquakes',
    'workspace=..&workflow=..',
    'workspace=datashop-demo&workflow=l5-etl%2flogs%3f/../../../seismology/workflow/earthquakes',
    'workspace=datashop-demo&workflow=../../seismology/workflow/earthquakes',
    'workspace=datashop-demo&workflow=l5-etl%23',
    'workspace=datashop-demo&workflow=l5-etl%00',
    'workspace=datashop-demo&workflow=l5-etl%20',
    'workspace=seismology%20&workflow=earthquakes',
    'workspace=%EF%BD%93eismology&workflow=earthquakes',
    'workspace=__proto__&workflow=constructor',
    'workspace=%25&workflow=%zz',
    'log_level=INFO;workspace=seismology;workflow=earthquakes',
    'user=grace&x-user-id=grace',
  ];
  for (const query of queries) {
    it(`the BFF sends ada nothing of grace’s workflow for ?${query}`, async () => {
      for (const path of [logsPath, streamPath]) {
        const received = await send(bff.url, `${path}?${query}&history=500&limit=500`, await ofUser('ada'));

        expect(received.status, path).to.be.oneOf([200, 400, 403]);
        expectNothingForeign('ada', received, path);
      }
    });
  }

  const paths = [
    `/x/..${upstreamLogsPath(earthquakes)}`,
    upstreamLogsPath(earthquakes),
    `${upstreamLogsPath(earthquakes)}/stream`,
    `${logsPath}/../../..${upstreamLogsPath(earthquakes)}`,
    `${logsPath}/..%2f..%2f..${upstreamLogsPath(earthquakes)}`,
    `${logsPath}%2f..%2f..%2fearthquakes`,
    `${logsPath}%3fworkspace=seismology`,
    `${logsPath};workspace=seismology`,
    `//seismology${logsPath}`,
    `http://127.0.0.1${upstreamLogsPath(earthquakes)}`,
    '/logs/stream',
    '/dapadmin/l5-etl/logs/stream',
  ];
  for (const path of paths) {
    it(`the BFF has nothing for ada at ${path}`, async () => {
      const received = await send(bff.url, path, await ofUser('ada'));

      expect(received.status).to.be.oneOf([400, 404]);
      expectNothingForeign('ada', received, path);
    });
  }

  for (const [what, headers] of [
    ['another user’s name', { 'x-user-id': 'grace' }],
    ['the service’s token and another user’s name', { authorization: `Bearer ${token}`, 'x-user-id': 'grace' }],
    ['a nominated X-User-Id', { connection: 'x-user-id, authorization', 'x-user-id': 'grace' }],
    [
      'rewritten paths',
      { 'x-original-url': upstreamLogsPath(earthquakes), 'x-rewrite-url': upstreamLogsPath(earthquakes) },
    ],
    ['another method by header', { 'x-http-method-override': 'POST' }],
  ] as const) {
    it(`the BFF sends ada nothing of grace’s workflow for headers with ${what}`, async () => {
      for (const path of [logsPath, streamPath]) {
        const own = await ofUser('ada');
        const foreign = await send(bff.url, `${path}?${asked(earthquakes)}`, { ...own, ...headers });
        const received = await send(bff.url, `${path}?history=500&limit=500`, { ...own, ...headers });

        expect(foreign.status).to.equal(403);
        expect(received.body).to.contain(secretOf(movies));
        expectNothingForeign('ada', received, path);
      }
    });
  }

  it('the BFF shows the streams of all users to an operator only', async () => {
    expect((await send(bff.url, adminPath, await ofUser('ada'))).status).to.equal(200);
    expect((await send(bff.url, adminPath, await ofUser('grace'))).status).to.equal(403);
    expect((await send(bff.url, adminPath)).status).to.equal(403);
  });

  it('the log service responds 401 without a token or a user, and 403 with a wrong one, for pages and streams alike', async () => {
    const authorization = `Bearer ${token}`;
    for (const suffix of ['', '/stream']) {
      const path = `${upstreamLogsPath(earthquakes)}${suffix}`;
      for (const [headers, status] of [
        [{}, 401],
        [{ 'x-user-id': 'grace' }, 401],
        [{ authorization }, 401],
        [{ authorization, 'x-user-id': '' }, 401],
        [{ authorization: 'Bearer wrong', 'x-user-id': 'grace' }, 403],
        [{ authorization: `Bearer ${token.toUpperCase()}`, 'x-user-id': 'grace' }, 403],
        [{ authorization: `Basic ${token}`, 'x-user-id': 'grace' }, 401],
        [{ authorization, 'x-user-id': 'GRACE' }, 403],
        [{ authorization, 'x-user-id': 'grace,ada' }, 403],
        [{ authorization, 'x-user-id': ['ada', 'grace'] }, 403],
        [{ authorization, 'x-user-id': 'constructor' }, 403],
        [{ authorization, 'x-user-id': '__proto__' }, 403],
        [{ authorization, 'x-user-id': 'ada' }, 403],
      ] as const) {
        const received = await send(serviceUrl, path, headers as Record<string, string>);
        expect(received.status, JSON.stringify(headers)).to.equal(status);
        expect(received.headers['www-authenticate'], JSON.stringify(headers)).to.equal(
          status === 401 ? 'Bearer' : undefined,
        );
        expect(received.body).to.not.contain(secretOf(earthquakes));
      }
    }
  });

  const servicePaths = [
    ['/wfm/workflow/workspace/%73eismology/workflow/earthquakes/logs', 403],
    ['/wfm/workflow/workspace/Seismology/workflow/Earthquakes/logs', 403],
    ['/WFM/workflow/workspace/seismology/workflow/earthquakes/logs', 404],
    ['/wfm/workflow/workspace/seismology/workflow/earthquakes/LOGS', 404],
    ['/wfm/workflow/workspace/seismology/workflow/earthquakes/logs/', 404],
    ['/wfm/workflow/workspace/seismology/workflow/earthquakes/logs/stream/', 404],
    ['//wfm/workflow/workspace/seismology/workflow/earthquakes/logs', 404],
    ['/wfm/workflow/workspace/datashop-demo/workflow/l5-etl/../../../seismology/workflow/earthquakes/logs', 404],
    ['/wfm/workflow/workspace/datashop-demo/workflow/l5-etl%2f..%2fearthquakes/logs', 403],
    ['/wfm/workflow/workspace/datashop-demo%2fworkflow%2fl5-etl/workflow/earthquakes/logs', 403],
    ['/wfm/workflow/workspace/datashop-demo/workflow/earthquakes/logs', 403],
    ['/wfm/workflow/workspace/seismology/workflow/l5-etl/logs', 403],
    ['/wfm/workflow/workspace/%00/workflow/%00/logs', 403],
    ['/wfm/workflow/workspace/seismology%00/workflow/earthquakes/logs', 403],
    ['/wfm/workflow/workspace/seismology%20/workflow/earthquakes/logs', 403],
    ['/wfm/workflow/workspace/%zz/workflow/earthquakes/logs', 400],
    ['/wfm/workflow/workspace/%ff/workflow/earthquakes/logs', 400],
    ['/wfm/workflow/workspace//workflow/earthquakes/logs', 404],
    ['/logs/stream', 404],
    ['/logs', 404],
  ] as const;
  for (const [path, status] of servicePaths) {
    it(`the log service responds ${status} for ada at ${path}`, async () => {
      const received = await send(serviceUrl, path, serviceHeaders('ada'));

      expect(received.status).to.equal(status);
      expectNothingForeign('ada', received, path);
    });
  }

  it('cursors and ids of another user’s workflow select no position and reveal nothing', async () => {
    const foreign = await send(serviceUrl, `${upstreamLogsPath(earthquakes)}?limit=1`, serviceHeaders('grace'));
    const { ids, nextCursor } = JSON.parse(foreign.body) as { ids: string[]; nextCursor: string };
    const position = String(foreign.headers['last-event-id']);
    const own = await ofUser('ada');
    const own200 = async (query: string, gap: string | null) => {
      const received = await send(bff.url, `${logsPath}?${query}`, own);
      expect(received.status, query).to.equal(200);
      expect(JSON.parse(received.body).gap, query).to.equal(gap);
      expectNothingForeign('ada', received, query);
      return JSON.parse(received.body).logs as unknown[];
    };

    expect((await send(bff.url, `${logsPath}?cursor=${nextCursor}`, own)).status).to.equal(400);
    for (const id of [ids[0], position]) {
      expect(await own200(`after=${id}`, 'unknown-id')).to.not.deep.equal([]);
      expect(await own200(`up_to=${id}`, null)).to.deep.equal([]);
      for (const resume of [
        { path: streamPath, headers: { 'last-event-id': String(id) } },
        { path: `${streamPath}?lastEventId=${id}`, headers: {} },
      ]) {
        const received = await send(bff.url, resume.path, { ...own, ...resume.headers });
        expect(received.body).to.contain('"reason":"unknown-id"').and.contain(secretOf(movies));
        expectNothingForeign('ada', received, resume.path);
      }
    }
  });
});
