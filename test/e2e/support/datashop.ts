import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Example, node } from './example.ts';

/** The message that the example sends to a parent with an IPC channel. */
interface Told {
  url: string;
  metrics: string;
  upstream: string;
  pids: Record<'upstream' | 'bff' | 'pipeline', number>;
}

/** The message of `start:fleet`. */
interface FleetTold {
  url: string;
  /** Ports. */
  bffs: number[];
  pids: Record<'redis' | 'upstream' | 'bff-1' | 'bff-2' | 'bff-3' | 'nginx' | 'pipeline', number>;
}

interface Running {
  example: Example;
  /** Folder of its logs and reports. */
  data: string;
  /** Ends it and removes its data. */
  end(): Promise<void>;
}

export type Datashop = Running & Told;
export type DatashopFleet = Running & FleetTold;

/** Starts the whole example on free ports with a new data folder. */
export function startDatashop(env: Record<string, string> = {}): Promise<Datashop> {
  return start<Told>('examples/datashop/src/start.ts', env);
}

/** Starts the example as a fleet, on free ports with a new data folder. */
export function startFleet(env: Record<string, string> = {}): Promise<DatashopFleet> {
  return start<FleetTold>('examples/datashop/src/start-fleet.ts', env);
}

async function start<T>(script: string, env: Record<string, string>): Promise<Running & T> {
  const data = await mkdtemp(join(tmpdir(), 'datashop-e2e-'));
  const example = new Example(node(script), {
    PORT: '0',
    DATASHOP_DATA: data,
    PIPELINE_PAUSE_MS: '100',
    // All tests are one user.
    OPENS_PER_MINUTE: '1000',
    OPENS_PER_HOUR: '1000',
    ...env,
  });
  const end = async () => {
    await example.end();
    await rm(data, { recursive: true, force: true });
  };
  try {
    const told = once(example.process, 'message') as Promise<[T]>;
    await Promise.race([told, example.ended]);
    await example.line();
    return { ...(await told)[0], example, data, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Visits the page without a browser and returns the session's cookie. */
export async function signIn(url: string): Promise<string> {
  const response = await fetch(url);
  // The session is stored before the response ends.
  await response.arrayBuffer();
  const [cookie] = response.headers.getSetCookie();
  if (!cookie) throw new Error('The page gave no session');
  return cookie.split(';')[0]!;
}
