// A process that holds a transaction open until it is killed. Arguments: file, SQL that begins the transaction. Prints
// a line once it is open.
import { DatabaseSync } from 'node:sqlite';

const [path = '', sql = ''] = process.argv.slice(2);
const db = new DatabaseSync(path);
db.exec(sql);
process.stdout.write('holding\n');
setInterval(() => db.isTransaction, 60_000);
