// Opens many new stores, each at the same time as the other workers do: a barrier for each file.
import { parentPort, workerData } from 'node:worker_threads';
import { SqliteLogStore } from '../../src/index.ts';
import { epochOf } from './numbers.ts';
import { log } from './service.ts';

const { paths, openers, arrived } = workerData as { paths: string[]; openers: number; arrived: Int32Array };

const epochs: string[] = [];
for (const [i, path] of paths.entries()) {
  Atomics.add(arrived, i, 1);
  while (Atomics.load(arrived, i) < openers);
  const store = new SqliteLogStore({ path });
  await store.append([log('here')]);
  epochs.push(await epochOf(store));
  await store.close();
}
parentPort?.postMessage(epochs);
