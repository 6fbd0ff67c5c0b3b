import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { logsPath, streamPath, upstreamLogsPath, workflows } from '../src/demo.ts';
import { type Front, front } from './support/front.ts';
import { type LogService, logService } from './support/log-service.ts';

/** Where the default user's first workflow is. */
const firstLogsPath = upstreamLogsPath(workflows.movies);
const marker = 'smuggled';
const innerRequest = `GET /${marker} HTTP/1.1\r\nX-Ignore: `;
const chunkedBody = `${innerRequest.length.toString(16)}\r\n${innerRequest}\r\n0\r\n\r\n`;

/** Title, request line and headers, body, status. */
const requests: [title: string, head: string, body: string, status: number][] = [
  ['a GET with Content-Length', `GET\r\nContent-Length: ${innerRequest.length}`, innerRequest, 400],
  ['a GET with a chunked body', 'GET\r\nTransfer-Encoding: chunked', chunkedBody, 400],
  ['a GET with an empty chunked body', 'GET\r\nTransfer-Encoding: chunked', '0\r\n\r\n', 400],
  [
    'a GET with Content-Length and Transfer-Encoding',
    `GET\r\nContent-Length: ${chunkedBody.length}\r\nTransfer-Encoding: chunked`,
    chunkedBody,
    400,
  ],
  ['a GET with a coding that is not chunked', 'GET\r\nTransfer-Encoding: identity', innerRequest, 400],
  ['a GET with a folded Content-Length', `GET\r\nContent-Length:\r\n ${innerRequest.length}`, innerRequest, 400],
  [
    'a GET with Expect and a body',
    `GET\r\nExpect: 100-continue\r\nContent-Length: ${innerRequest.length}`,
    innerRequest,
    400,
  ],
  [
    'a GET with Upgrade and a body',
    `GET\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${innerRequest.length}`,
    innerRequest,
    400,
  ],
  [
    'a GET whose Connection header names Content-Length',
    `GET\r\nConnection: content-length\r\nContent-Length: ${innerRequest.length}`,
    innerRequest,
    400,
  ],
  ['a HEAD with Content-Length', `HEAD\r\nContent-Length: ${innerRequest.length}`, innerRequest, 400],
  ['a HEAD with a chunked body', 'HEAD\r\nTransfer-Encoding: chunked', chunkedBody, 400],
  ['a POST', `POST\r\nContent-Length: ${innerRequest.length}`, innerRequest, 405],
  ['a DELETE with a chunked body', 'DELETE\r\nTransfer-Encoding: chunked', chunkedBody, 405],
  ['OPTIONS with a body', `OPTIONS\r\nContent-Length: ${innerRequest.length}`, innerRequest, 405],
];

describe('the REST route and request bodies', () => {
  let service: LogService;
  let bff: Front;
  let cookie: string;

  beforeEach(async () => {
    service = await logService((req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ url: req.url }));
    });
    bff = await front(service.url, 'token-of-the-service');
    cookie = await bff.signIn();
  });
  afterEach(async () => {
    await bff.close();
    await service.close();
  });

  /** `head` is the method, CRLF, and further header lines. */
  const message = (head: string, body = '', path = logsPath) => {
    const [method, ...headers] = head.split('\r\n');
    const start = [`${method} ${path} HTTP/1.1`, `Host: ${new URL(bff.url).host}`, `Cookie: ${cookie}`, ...headers];
    return `${start.join('\r\n')}\r\n\r\n${body}`;
  };
  /** Sends bytes over a connection of its own; resolves with all that came back once the server has closed it. */
  const send = async (bytes: string) => {
    const socket = connect(Number(new URL(bff.url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', () => {});
    socket.write(bytes);
    await once(socket, 'close');
    return received;
  };
  /** Another user of the same pooled connections to the log service gets their own page. */
  const expectOthersUnharmed = async () => {
    const other = await bff.get(`${logsPath}?limit=1`, { cookie: await bff.signIn() });
    expect(await other.json()).to.deep.equal({ url: `${firstLogsPath}?limit=1` });
    expect(service.received()).to.not.contain(marker);
  };

  for (const [title, head, body, status] of requests) {
    it(`refuses ${title} with ${status} and sends no byte of the body to the log service`, async () => {
      await (await bff.get(logsPath, { cookie })).text();
      const before = service.requests.length;
      const response = await send(message(head, body));

      expect(response.replace('HTTP/1.1 100 Continue\r\n\r\n', '')).to.match(new RegExp(`^HTTP/1.1 ${status} `));
      expect(response).to.match(/^connection: close$/im);
      if (status === 405) expect(response).to.match(/^allow: GET, HEAD$/im);
      expect(service.requests).to.have.length(before);
      await expectOthersUnharmed();
    });
  }

  it('refuses a body although another request is pipelined behind it, and closes the connection', async () => {
    const response = await send(
      message(`GET\r\nContent-Length: ${innerRequest.length}`, innerRequest) + message('GET\r\nConnection: close'),
    );

    expect(response).to.match(/^HTTP\/1.1 400 /);
    await expectOthersUnharmed();
  });

  for (const [title, head] of [
    ['Content-Length: 0', 'GET\r\nContent-Length: 0\r\nConnection: close'],
    ['Upgrade and no body', 'GET\r\nUpgrade: websocket\r\nConnection: close, Upgrade'],
    ['Expect and no body', 'GET\r\nExpect: 100-continue\r\nConnection: close'],
    ['a Connection header that names Accept', 'GET\r\nAccept: x/y\r\nConnection: close, accept'],
  ] as const) {
    it(`serves a GET with ${title} and sends only listed headers to the log service`, async () => {
      const response = await send(message(head));

      expect(response).to.contain('HTTP/1.1 200 ').and.contain(firstLogsPath);
      expect(Object.keys(service.requests.at(-1)?.headers ?? {})).to.have.members([
        'host',
        'connection',
        'authorization',
        'x-user-id',
        ...(head.includes('Accept') ? ['accept'] : []),
      ]);
      expect(service.requests.at(-1)?.headers).to.include({
        authorization: 'Bearer token-of-the-service',
        connection: 'keep-alive',
      });
      await expectOthersUnharmed();
    });
  }

  it('sends no byte of a GET’s body to the log service on the stream’s route either [R10]', async () => {
    const socket = connect(Number(new URL(bff.url).port), '127.0.0.1');
    socket.write(message(`GET\r\nContent-Length: ${innerRequest.length}`, innerRequest, streamPath));
    socket.on('error', () => {});
    while (service.requests.length === 0) await once(socket, 'data');
    socket.destroy();

    await expectOthersUnharmed();
  });
});
