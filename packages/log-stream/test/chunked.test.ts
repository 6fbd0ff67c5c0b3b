import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Response } from 'express';
import { chunkSocket, encodeChunk } from '../src/stream/chunked.ts';
import { ResponseWriter } from '../src/stream/response-writer.ts';

const texts = ['id: 1\ndata: ä\n\n', `data: ${'x'.repeat(70_000)}\n\n`, 'id: 3\ndata: last\n\n'];
const batches = texts.map(encodeChunk);
const body = texts.map((batch, index) => `:${index}\n${batch}`).join('');

/** What is done to a response before its batch of this number. */
type Between = (res: ServerResponse, index: number) => unknown;

function wrap(res: ServerResponse): void {
  const { write } = res;
  res.write = ((...args: Parameters<typeof write>) => write.apply(res, args)) as typeof write;
}

describe('batches of logs that are framed once for all subscribers', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  /** Writes lines and batches by turns; notes which batches may go to the socket directly. */
  async function write(res: ServerResponse, between: Between, direct: boolean[]): Promise<void> {
    const owner = { onEvict: () => {}, onWriteError: () => {} };
    const writer = new ResponseWriter(res as Response, Number.POSITIVE_INFINITY, owner);
    for (const [index, batch] of batches.entries()) {
      writer.write(`:${index}\n`);
      // Node corks a response until the end of the turn.
      if (index > 0) await nextTurn();
      between(res, index);
      direct.push(chunkSocket(res) !== undefined);
      writer.writeBatch(batch);
    }
    writer.end();
  }

  async function listen(handle: RequestListener): Promise<number> {
    const server = createServer(handle).listen(0, '127.0.0.1');
    closers.push(() => server.close().closeAllConnections());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  // Node 26 corks the response until the end of the turn, earlier ones only its socket, which keeps the order.
  const isFirstDirect = Number.parseInt(process.versions.node, 10) < 26;
  const cases: [title: string, between: Between, direct: boolean[]][] = [
    ['on a bare response, whose first line was written in the same turn', () => {}, [isFirstDirect, true, true]],
    ['if res.write is wrapped from the start', (res, index) => index === 0 && wrap(res), [false, false, false]],
    [
      'if res.write is wrapped between two batches',
      (res, index) => index === 2 && wrap(res),
      [isFirstDirect, true, false],
    ],
    [
      'while the response is corked',
      (res, index) => [() => {}, () => res.cork(), () => res.uncork()][index]?.(),
      [isFirstDirect, false, true],
    ],
  ];
  for (const [title, between, expected] of cases) {
    it(`batched logs arrive whole and in order ${title}`, async () => {
      const direct: boolean[] = [];
      const port = await listen((_req, res) => {
        res.flushHeaders();
        void write(res, between, direct);
      });
      const response = await fetch(`http://127.0.0.1:${port}/`);
      expect(await response.text()).to.equal(body);
      expect(direct).to.deep.equal(expected);
    });
  }

  it('batched logs follow response headers that were set but not sent yet', async () => {
    const port = await listen((_req, res) => {
      res.writeHead(200);
      const writer = new ResponseWriter(res as Response, 1, { onEvict: () => {}, onWriteError: () => {} });
      for (const batch of batches) writer.writeBatch(batch);
      writer.end();
    });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal(texts.join(''));
  });

  it('batched logs are sent over HTTP/1.0 without chunked coding', async () => {
    const direct: boolean[] = [];
    const port = await listen((_req, res) => {
      res.flushHeaders();
      void write(res, () => {}, direct);
    });
    const client = connect(port, '127.0.0.1').setEncoding('utf8');
    client.write('GET / HTTP/1.0\r\n\r\n');
    const response = await text(client);
    expect(response.slice(response.indexOf('\r\n\r\n') + 4)).to.equal(body);
    expect(direct).to.deep.equal([false, false, false]);
  });

  it('batched logs are sent over HTTP/2 without chunked coding', async () => {
    const direct: boolean[] = [];
    const server = createHttp2Server((_req, res) => {
      void write(res as unknown as ServerResponse<IncomingMessage>, () => {}, direct);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closers.push(() => {
      session.destroy();
      server.close();
    });
    expect(await text(session.request())).to.equal(body);
    expect(direct).to.deep.equal([false, false, false]);
  });
});
