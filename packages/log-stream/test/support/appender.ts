// A pipeline in a process of its own. Arguments: file, prefix, count ("forever": until it is killed). Prints the
// store's epoch first.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SqliteLogStore } from '../../src/index.ts';
import { epochOf } from './numbers.ts';
import { log } from './service.ts';

const [path = '', prefix = '', count = ''] = process.argv.slice(2);
const store = new SqliteLogStore({ path });
process.stdout.write(`${await epochOf(store)}\n`);
for (let i = 0; count === 'forever' || i < Number(count); i++) {
  await store.append([log(`${prefix}${i}`)]);
  await nextTurn();
}
await store.close();
