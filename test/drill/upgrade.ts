import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Create, changeClient } from './pages.ts';
import type { Part } from './parts.ts';

/** The packages of this checkout beside those of another one. @param other folder of that one, built */
export function upgrade(other: string): Part {
  const load = (file: string) => import(pathToFileURL(join(other, 'packages/sse-client/dist', file)).href);
  async function client(): Promise<Create> {
    const [{ createEventStream }, { localPersistence }] = [await load('index.js'), await load('persist.js')];
    return (url, options) => createEventStream(url, { autoConnect: true, persist: localPersistence(options) });
  }
  return {
    name: 'upgrade',
    steps: [
      {
        what: 'all BFFs: from this version to the other one, one after another',
        run: async (fleet) => changeClient(fleet, await client(), () => fleet.rollingRestart(other)),
      },
      {
        what: 'log service: from this version to the other one',
        async run({ upstream }) {
          await upstream.kill();
          await upstream.restart(other);
        },
      },
      {
        what: 'log service: back to this version',
        async run({ upstream }) {
          await upstream.kill();
          await upstream.restart();
        },
      },
      {
        what: 'all BFFs: back to this version, one after another',
        run: async (fleet) => changeClient(fleet, await client(), () => fleet.rollingRestart()),
      },
    ],
  };
}
