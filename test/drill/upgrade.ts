import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { createEventStream } from '@datashop/sse-client';
import { changeClient } from './pages.ts';
import type { Part } from './parts.ts';

/** The packages of this checkout beside those of another one. @param other folder of that one, built */
export function upgrade(other: string): Part {
  const client = (): Promise<{ createEventStream: typeof createEventStream }> =>
    import(pathToFileURL(join(other, 'packages/sse-client/dist/index.js')).href);
  return {
    name: 'upgrade',
    steps: [
      {
        what: 'all BFFs: from this version to the other one, one after another',
        run: async (fleet) =>
          changeClient(fleet, (await client()).createEventStream, () => fleet.rollingRestart(other)),
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
        run: async (fleet) => changeClient(fleet, (await client()).createEventStream, () => fleet.rollingRestart()),
      },
    ],
  };
}
