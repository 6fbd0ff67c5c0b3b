import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { LogWriter } from './support/log-writer.ts';
import { ReturningClient } from './support/returning-client.ts';
import { Service, type ServiceSpec } from './support/service.ts';

const browsersPerRoute = 10;
/** Logs that every browser must have received between two kills. */
const logsPerRound = 10;
const collection = 'logs';
const path = '/wfm/workflow/workspace/ws/workflow/wf/logs/stream';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const program = script('../../packages/log-stream/test/mongo-server/program.ts');

function node(args: (port: number) => string[], env: Record<string, string> = {}): Promise<Service> {
  const spec: ServiceSpec = { command: process.execPath, args, cwd: fileURLToPath(new URL('.', import.meta.url)), env };
  return Service.start(spec);
}

for (const way of ['a change stream', 'polls'] as const) {
  describe(`the log service over MongoDB by ${way}, the BFF and MongoDB, killed in turn`, () => {
    const { add, clean } = cleaner();
    afterEach(clean);

    it(`delivers every log once to 20 browsers, without a gap event, with ${way} [row 4]`, async () => {
      const folder = add(mkdtempSync(join(tmpdir(), 'mongo-')), (it) => rmSync(it, { recursive: true }));
      const standalone = way === 'polls' ? ['--standalone'] : [];
      const file = join(folder, 'data');
      const started = async (starting: Promise<Service>) => add(await starting, (it) => it.kill());
      const mongo = await started(node((port) => [program, '--port', `${port}`, '--file', file, ...standalone]));
      const uri = `${mongo.origin.replace('http', 'mongodb')}/etl${way === 'polls' ? '' : '?replicaSet=rs0'}`;
      const env = { MONGODB_URI: uri, COLLECTION: collection };
      const service = await started(node(() => [script('support/mongo-service.ts')], env));
      const upstream = { UPSTREAM: `${service.origin}${path}` };
      const bff = await started(node(() => [script('support/bff-process.ts')], upstream));
      const browsers = ['dedicated', 'shared'].flatMap((route) =>
        Array.from({ length: browsersPerRoute }, () =>
          add(new ReturningClient(`${bff.origin}/${route}`), (it) => it.close()),
        ),
      );
      await until(() => browsers.every(({ visits }) => visits === 1));
      const writer = add(new LogWriter(uri, collection), (it) => it.stop());
      const reached = (count: number) =>
        until(
          () =>
            writer.acknowledged.length >= count &&
            browsers.every((browser) => browser.has(writer.acknowledged[count - 1])),
        );

      for (const victim of [service, bff, mongo]) {
        await reached(writer.acknowledged.length + logsPerRound);
        await victim.kill();
        await victim.start();
      }
      await reached(writer.acknowledged.length + logsPerRound);
      await writer.stop();
      await reached(writer.acknowledged.length);

      const client = add(new MongoClient(uri), (it) => it.close());
      const stored = await client
        .db()
        .collection(collection)
        .find({}, { sort: { _id: 1 } })
        .toArray();
      const messages = stored.map(({ message }) => message).sort();
      for (const browser of browsers) {
        expect(browser.gaps).to.deep.equal([]);
        // A log with two ids would be here twice.
        expect([...browser.messages].sort()).to.deep.equal(messages);
      }
    });
  });
}
