import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { streamPath } from '../../examples/datashop/src/demo.ts';
import { type Datashop, signIn, startDatashop } from './support/datashop.ts';
import { Example, node } from './support/example.ts';
import { alive, gone } from './support/processes.ts';

const startCommand = node('examples/datashop/src/start.ts');

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

  it('npm start prints one line: the address', async () => {
    datashop = await startDatashop();

    expect(datashop.example.stdout).to.match(/^Datashop logs: http:\/\/localhost:\d+\/\n$/);
    expect(datashop.example.stderr).to.equal('');
    expect(new Set(Object.values(datashop.pids)).add(datashop.example.pid)).to.have.property('size', 4);
  });

  it('npm start creates only files and folders that their owner alone can read', async () => {
    datashop = await startDatashop({ PIPELINE_PAUSE_MS: '1' });
    const { data } = datashop;
    const logs = new DatabaseSync(join(data, 'logs.sqlite'), { readOnly: true });
    const reported = logs.prepare("SELECT 1 FROM logs WHERE document LIKE '%Wrote the report%' LIMIT 1");
    while (!reported.get()) await setTimeout(50);
    logs.close();

    const entries = await readdir(data, { recursive: true });
    expect(entries).to.include.members(['logs.sqlite', 'logs.sqlite-wal', 'logs.sqlite-shm', 'reports']);
    for (const entry of entries) {
      const file = await stat(join(data, entry));
      expect((file.mode & 0o777).toString(8), entry).to.equal(file.isDirectory() ? '700' : '600');
    }
  });

  for (const [how, stop] of [
    ['Ctrl-C', (example: Example) => example.interrupt()],
    ['SIGTERM', (example: Example) => example.process.kill('SIGTERM')],
  ] as const) {
    it(`npm start ends at ${how}: open streams get an end event, no process is left, exit code 0`, async () => {
      datashop = await startDatashop();
      const response = await fetch(new URL(streamPath, datashop.url), {
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
    it(`npm start ends when npm itself receives ${signal}`, async () => {
      const data = await mkdtemp(join(tmpdir(), 'datashop-e2e-'));
      example = new Example(['npm', 'start', '--silent', '-w', 'example-datashop'], { PORT: '0', DATASHOP_DATA: data });
      expect(await example.line()).to.match(/^Datashop logs: /);
      example.process.kill(signal);

      expect(await example.ended).to.deep.equal([0, null]);
      expect(() => process.kill(-example!.pid, 0)).to.throw(/ESRCH/);
      await rm(data, { recursive: true, force: true });
    });
  }

  it('npm start leaves no process behind when start.ts is killed', async () => {
    datashop = await startDatashop();
    datashop.example.process.kill('SIGKILL');
    await datashop.example.ended;
    await Promise.all(Object.values(datashop.pids).map(gone));
  });

  it('npm start ends with one line and exit code 1 when the BFF crashes', async () => {
    datashop = await startDatashop();
    process.kill(datashop.pids.bff, 'SIGKILL');

    expect(await datashop.example.ended).to.deep.equal([1, null]);
    expect(datashop.example.stderr).to.equal('bff ended unexpectedly (SIGKILL)\n');
    expect(stillAlive(datashop)).to.deep.equal([]);
  });

  it('npm start names the port that is in use and how to choose another', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    try {
      example = new Example(startCommand, { PORT: String(port) });
      expect(await example.ended).to.deep.equal([1, null]);
    } finally {
      squatter.close();
    }

    expect(example.stderr).to.equal(`Port ${port} is in use; choose another with PORT=${port + 1} npm start\n`);
    expect(example.stdout).to.equal('');
    // Signal 0 only tests whether the group still has a member.
    expect(() => process.kill(-example!.pid, 0)).to.throw(/ESRCH/);
  });

  for (const port of ['http', '-1', '65536', '80.5', ' ']) {
    it(`npm start refuses PORT=${JSON.stringify(port)} in one line`, async () => {
      example = new Example(startCommand, { PORT: port });
      expect(await example.ended).to.deep.equal([1, null]);

      expect(example.stderr).to.equal(`PORT must be a number from 0 to 65535, not ${JSON.stringify(port)}\n`);
    });
  }
});
