import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import type { Response } from 'express';
import { skip } from '../../../test/support/needs.ts';
import { ResponseWriter } from '../src/stream/response-writer.ts';
import { eventually } from './support/service.ts';

const megabyte = 2 ** 20;
/** More than the kernel's buffers of both sides hold. */
const plenty = 16 * megabyte;

type Write = (chunk: string | Buffer) => unknown;

describe('ResponseWriter', () => {
  let open: () => Promise<{ client: Socket; res: Response }>;
  let close: () => void;
  let evictions: number[];
  let errors: unknown[];
  const timers: NodeJS.Timeout[] = [];

  beforeEach(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    evictions = [];
    errors = [];
    open = async () => {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
      client.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const [, res] = (await once(server, 'request')) as [unknown, Response];
      return { client, res };
    };
    close = () => {
      server.close();
      server.closeAllConnections();
    };
  });
  afterEach(() => {
    for (const timer of timers.splice(0)) clearInterval(timer);
    close();
  });

  const every = (ms: number, call: () => void) => timers.push(setInterval(call, ms));

  /** A writer that is checked every 5 ms. */
  function writerOf(res: Response, maxChecks: number): ResponseWriter {
    const writer = new ResponseWriter(res, maxChecks, {
      onEvict: (bufferedBytes) => evictions.push(bufferedBytes),
      onWriteError: (error) => errors.push(error),
    });
    every(5, () => writer.check());
    return writer;
  }

  it('does not evict a reader that reads one large write slowly for longer than maxStallMs', async () => {
    const { client, res } = await open();
    const writer = writerOf(res, 40);
    writer.write(Buffer.alloc(plenty));
    let taken = 0;
    every(4, () => {
      taken += (client.read(Math.min(client.readableLength, 65_536)) as Buffer | null)?.length ?? 0;
    });
    await eventually(() => taken >= plenty || !writer.open);

    expect(writer.open).to.equal(true);
    expect(evictions).to.deep.equal([]);
  });

  it('evicts a reader that reads no byte for maxStallMs, and reports how many bytes were buffered for it', async () => {
    const { client, res } = await open();
    const writer = writerOf(res, 4);
    writer.write(Buffer.alloc(plenty));
    await writer.drained();

    expect(writer.endReason).to.equal('evicted');
    expect(res.destroyed).to.equal(true);
    expect(evictions).to.have.lengthOf(1);
    expect(evictions[0]).to.be.above(megabyte);
    client.destroy();
  });

  it('evicts a reader that reads nothing while small writes go on, too few to fill the response', async () => {
    const { client, res } = await open();
    const writer = writerOf(res, 8);
    while (writer.bufferedBytes === 0) {
      writer.write(Buffer.alloc(16_384));
      await new Promise(setImmediate);
    }
    every(5, () => writer.write(':ping\n'));
    await eventually(() => !writer.open);
    expect(writer.endReason).to.equal('evicted');
    expect(evictions[0]).to.be.below(65_536);
    client.destroy();
  });

  it('evicts a reader that does not read the end of its stream', async () => {
    const { client, res } = await open();
    const writer = writerOf(res, 4);
    writer.write(Buffer.alloc(plenty));
    writer.end();
    await eventually(() => res.destroyed);
    expect(writer.endReason).to.equal('draining');
    expect(evictions).to.deep.equal([]);
    client.destroy();
  });

  const wrappers: readonly (readonly [title: string, wrap: (write: Write, res: Response) => Write])[] = [
    ['returns nothing', (write) => (chunk) => void write(chunk)],
    ['returns true', (write) => (chunk) => write(chunk) === undefined || true],
    ['returns false', (write) => (chunk) => write(chunk) === undefined && false],
    ['returns a promise', (write) => async (chunk) => write(chunk)],
    ['returns the response', (write, res) => (chunk) => [write(chunk), res][1]],
    // Only the socket counts these bytes.
    ['writes to the socket', (_write, res) => (chunk) => res.socket?.write(chunk)],
  ];
  for (const [title, wrap] of wrappers) {
    it(`counts the bytes that are buffered for the reader if middleware wraps write() with one that ${title} [R41]`, async () => {
      const { client, res } = await open();
      res.flushHeaders();
      res.write = wrap(res.write.bind(res), res) as Response['write'];
      const writer = writerOf(res, Number.POSITIVE_INFINITY);

      writer.write('small');
      await eventually(() => writer.bufferedBytes === 0);
      expect(writer.full).to.equal(false);
      writer.write(Buffer.alloc(plenty));
      await eventually(() => writer.full);
      client.resume();
      await writer.drained();
      expect(writer.open && !writer.full).to.equal(true);
      client.destroy();
      await eventually(() => !writer.open);
    });
  }

  it('wakes a reader whose drain event a wrapper has lost [R41]', async () => {
    const { client, res } = await open();
    const writer = writerOf(res, Number.POSITIVE_INFINITY);
    writer.write(Buffer.alloc(plenty));
    await eventually(() => writer.full);
    const drained = writer.drained();
    res.removeAllListeners('drain');
    res.socket?.removeAllListeners('drain');
    client.resume();
    await drained;
    expect(writer.open).to.equal(true);
  });

  for (const [title, write] of [
    [
      'throws',
      () => {
        throw new Error('the wrapper failed');
      },
    ],
    ['returns a promise that rejects', () => Promise.reject(new Error('the wrapper failed'))],
  ] as const) {
    it(`ends the stream, not the process, if a wrapper of write() ${title} [R45]`, async () => {
      const { res } = await open();
      res.write = write as Response['write'];
      const writer = writerOf(res, Number.POSITIVE_INFINITY);
      writer.write('one');
      writer.write('two');
      await eventually(() => !writer.open);
      expect(writer.endReason).to.equal('write-failed');
      expect(errors.map(String)).to.deep.equal(['Error: the wrapper failed']);
    });
  }

  it('probes idle connections, so that a subscriber which vanished is noticed (TCP keepalive)', async function () {
    // [spec] proc_net_tcp: the fourth column is the state, the sixth the active timer; 02 is keepalive.
    if (process.platform !== 'linux') skip(this, 'only Linux shows the timers of a socket, in /proc/net/tcp');
    const { client, res } = await open();
    writerOf(res, Number.POSITIVE_INFINITY);
    const hex = (port: number | undefined) => Number(port).toString(16).toUpperCase().padStart(4, '0');
    const row = new RegExp(`:${hex(res.socket?.localPort)} \\S+:${hex(client.localPort)} 01 \\S+ (\\d\\d):`);
    expect(row.exec(readFileSync('/proc/net/tcp', 'latin1'))?.[1]).to.equal('02');
  });
});
