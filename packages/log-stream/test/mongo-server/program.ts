// Runs the scripted MongoDB server as a process of its own, so that it can be killed. Prints its URI when it is ready.
// Options: --port, --file, --standalone. Commands of a client set failpoints: `configureFailPoint`.
import { parseArgs } from 'node:util';
import { startMongo } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    file: { type: 'string' },
    standalone: { type: 'boolean', default: false },
  },
});
const mongo = await startMongo({
  port: Number(values.port),
  recordCommands: false,
  ...(values.file === undefined ? {} : { file: values.file }),
  ...(values.standalone ? { replicaSet: false } : {}),
});
process.stdout.write(`${mongo.uri}\n`);
