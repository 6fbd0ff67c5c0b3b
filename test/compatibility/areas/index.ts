import type { Area } from '../support/cell.ts';
import { express } from './express.ts';
import { middleware } from './middleware.ts';
import { mountArea } from './mounts.ts';
import { runnerArea } from './runners.ts';
import { runtimeArea } from './runtimes.ts';
import { serverArea } from './servers.ts';
import { typescript } from './typescript.ts';

/** In the order of docs/compatibility.md. */
export const areas: readonly Area[] = [express, runtimeArea, typescript, mountArea, middleware, serverArea, runnerArea];
