import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import type { Response } from 'express';
import { ResponseWriter } from '../src/stream/response-writer.ts';
import { eventually } from './support/service.ts';

const megabyte = 2 ** 20;

describe('ResponseWriter', () => {
  let open: () => Promise<{ client: Socket; res: Response }>;
  let close: () => void;

  beforeEach(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
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
  afterEach(() => close());

  it('waits for a reader that is slow but takes bytes all the time, for longer than maxStallMs', async () => {
    const { client, res } = await open();
    const writer = new ResponseWriter(res, 600);
    expect(writer.write(Buffer.alloc(64 * megabyte))).to.equal(false);
    const draining = writer.drained();
    // Its time begins later and is over when it is cut.
    const stalled = new ResponseWriter((await open()).res, 600);
    stalled.write(Buffer.alloc(64 * megabyte));
    const cut = stalled.drained();
    for (; stalled.open; await setTimeout(10)) client.read();
    await cut;
    expect(writer.full).to.equal(true);
    client.resume();
    await draining;

    expect(writer.open).to.equal(true);
    expect(writer.full).to.equal(false);
  });

  it('destroys the response of a reader that takes no byte for maxStallMs', async () => {
    const { client, res } = await open();
    const writer = new ResponseWriter(res, 20);
    writer.write(Buffer.alloc(64 * megabyte));
    await writer.drained();

    expect(writer.open).to.equal(false);
    expect(res.destroyed).to.equal(true);
    client.destroy();
  });

  for (const [title, returned] of [
    ['nothing', undefined],
    ['true', true],
    ['false', false],
    ['a promise', Promise.resolve()],
  ] as const) {
    it(`reports back pressure by the response’s state if middleware makes write() return ${title} [R41]`, async () => {
      const { client, res } = await open();
      const write = res.write.bind(res) as (chunk: unknown) => boolean;
      res.write = ((chunk: unknown) => {
        write(chunk);
        return returned;
      }) as never;
      const writer = new ResponseWriter(res, false);

      expect(writer.write('small')).to.equal(true);
      expect(writer.write(Buffer.alloc(64 * megabyte))).to.equal(false);
      client.resume();
      await writer.drained();
      expect(writer.open && !writer.full).to.equal(true);
      client.destroy();
      await eventually(() => !writer.open);
    });
  }
});
