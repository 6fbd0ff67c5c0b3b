// Reads a store in a process that may have other rights. Argument: file. Prints the messages; appends nothing.
import { SqliteLogStore } from '../../src/index.ts';

const [path = ''] = process.argv.slice(2);
const store = new SqliteLogStore({ path });
const { logs } = await store.read(0, {}, 100);
process.stdout.write(JSON.stringify(logs.map(({ log }) => log?.message)));
await store.close();
