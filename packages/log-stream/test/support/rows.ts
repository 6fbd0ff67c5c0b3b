// Reads a store as another user. Arguments: file, number of the user (left out: the current one). Prints the messages.
import { SqliteLogStore } from '../../src/index.ts';
import { readAfter } from './numbers.ts';

const [path = '', user] = process.argv.slice(2);
// Not before: that user may have no right to read Node or the modules.
if (user !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(Number(user));
  process.setuid?.(Number(user));
}
const store = new SqliteLogStore({ path });
const { logs } = await readAfter(store, 0, {}, 100);
process.stdout.write(JSON.stringify(logs.map(({ log }) => log?.message)));
await store.close();
