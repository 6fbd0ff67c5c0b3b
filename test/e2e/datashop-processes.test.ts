import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BFF_STREAM } from '../../examples/datashop/src/demo.ts';
import { type Datashop, signIn, startDatashop } from './support/datashop.ts';
import { Example, node } from './support/example.ts';
import { alive, gone } from './support/processes.ts';

const START = node('examples/datashop/src/start.ts');

describe('npm start of Datashop', () => {
  let datashop: Datashop | undefined;
  let example: Example | undefined;

  afterEach(async () => {
    await datashop?.end();
    await example?.end();
    datashop = undefined;
    example = undefined;
  });

  const stillAlive = ({ pids }: Datashop) => Object.values(pids).filter(alive);

  it('prints one line, the address', async () => {
    datashop = await startDatashop();

    expect(datashop.example.stdout).to.match(/^Datashop logs: http:\/\/localhost:\d+\/\n$/);
    expect(datashop.example.stderr).to.equal('');
    expect(new Set(Object.values(datashop.pids)).add(datashop.example.pid)).to.have.property('size', 4);
  });

  for (const [how, stop] of [
    ['Ctrl-C', (example: Example) => example.interrupt()],
    ['SIGTERM', (example: Example) => example.process.kill('SIGTERM')],
  ] as const) {
    it(`ends at ${how}: open streams are told, no process is left, exit code 0`, async () => {
      datashop = await startDatashop();
      const response = await fetch(new URL(BFF_STREAM, datashop.url), {
        headers: { cookie: await signIn(datashop.url), accept: 'text/event-stream' },
      });
      expect(response.status).to.equal(200);
      stop(datashop.example);

      const sent = await response.text();
      expect(sent).to.match(/event: sse-proxy:end\n/);
      expect(await datashop.example.ended).to.deep.equal([0, null]);
      expect(stillAlive(datashop)).to.deep.equal([]);
      expect(datashop.example.stderr).to.equal('');
    });
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends when npm itself is sent ${signal}, as by "kill" of an npm start in the background`, async () => {
      const data = await mkdtemp(join(tmpdir(), 'datashop-e2e-'));
      example = new Example(['npm', 'start', '--silent', '-w', 'example-datashop'], { PORT: '0', DATASHOP_DATA: data });
      expect(await example.line()).to.match(/^Datashop logs: /);
      example.process.kill(signal);

      expect(await example.ended).to.deep.equal([0, null]);
      expect(() => process.kill(-example!.pid, 0)).to.throw(/ESRCH/);
      await rm(data, { recursive: true, force: true });
    });
  }

  it('leaves nothing behind when it is killed itself', async () => {
    datashop = await startDatashop();
    datashop.example.process.kill('SIGKILL');
    await datashop.example.ended;
    await Promise.all(Object.values(datashop.pids).map(gone));
  });

  it('ends with everything else when the BFF crashes: one line, exit code 1', async () => {
    datashop = await startDatashop();
    process.kill(datashop.pids.bff, 'SIGKILL');

    expect(await datashop.example.ended).to.deep.equal([1, null]);
    expect(datashop.example.stderr).to.equal('bff ended unexpectedly (SIGKILL)\n');
    expect(stillAlive(datashop)).to.deep.equal([]);
  });

  it('says which port is in use, and how to choose another', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    try {
      example = new Example(START, { PORT: String(port) });
      expect(await example.ended).to.deep.equal([1, null]);
    } finally {
      squatter.close();
    }

    expect(example.stderr).to.equal(`Port ${port} is in use; choose another with PORT=${port + 1} npm start\n`);
    expect(example.stdout).to.equal('');
    // Signal 0 to the group asks whether it still has a member.
    expect(() => process.kill(-example!.pid, 0)).to.throw(/ESRCH/);
  });

  for (const port of ['http', '-1', '65536', '80.5', ' ']) {
    it(`refuses PORT=${JSON.stringify(port)} in one line`, async () => {
      example = new Example(START, { PORT: port });
      expect(await example.ended).to.deep.equal([1, null]);

      expect(example.stderr).to.equal(`PORT must be a number from 0 to 65535, not ${JSON.stringify(port)}\n`);
    });
  }
});
