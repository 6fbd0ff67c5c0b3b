import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Functions of one argument that a child process runs on request. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are typed where the answers are
export type Answers = Record<string, (argument: any) => unknown>;

type Question = { id: number; name: string; argument: unknown };
type Reply = { id: number; value?: unknown; error?: string };
type Argument<F> = F extends (...given: infer Given) => unknown ? Given : never;
type Answer<F> = F extends (...given: never[]) => infer Value ? Awaited<Value> : never;

/** A child process. */
export interface Child<T extends Answers> {
  readonly pid: number;
  readonly port: number;
  /** Runs one of the child's functions. Rejects if it throws or the child ends. */
  ask<K extends keyof T & string>(name: K, ...argument: Argument<T[K]>): Promise<Answer<T[K]>>;
  /** Kills the process. Resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts `script`, relative to this file. Resolves when it has sent its port. */
export async function startChild<T extends Answers>(
  script: string,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Promise<Child<T>> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = fork(path, args, { execArgv: [...nodeOptions], serialization: 'advanced', stdio: 'inherit' });
  const waiting = new Map<number, (reply: Reply) => void>();
  let asked = 0;
  let death: string | undefined;
  child.on('message', ({ reply }: { reply?: Reply }) => {
    if (!reply) return;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  child.on('exit', (code, signal) => {
    death = `${script} is gone (${signal ?? `exit code ${code}`})`;
    for (const [id, settle] of waiting) settle({ id, error: death });
    waiting.clear();
  });
  const port = await listening(child, script);
  return {
    pid: child.pid as number,
    port,
    ask: (name, ...[argument]) =>
      new Promise((resolve, reject) => {
        if (death) return reject(new Error(death));
        const id = asked++;
        waiting.set(id, ({ error, value }) => {
          if (error === undefined) resolve(value as never);
          else reject(new Error(`${script}, asked for ${name}: ${error}`));
        });
        child.send({ id, name, argument } satisfies Question);
      }),
    async stop() {
      if (death) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function listening(child: ChildProcess, script: string): Promise<number> {
  const gone = new AbortController();
  child.once('exit', (code) => gone.abort(new Error(`${script} ended before it listened (exit code ${code})`)));
  try {
    const [{ port }] = (await once(child, 'message', { signal: gone.signal })) as [{ port: number }];
    return port;
  } catch (error) {
    throw gone.signal.aborted ? gone.signal.reason : error;
  }
}

/** Called in the child: sends the port, then runs functions on request until the test process ends. */
export function answer(port: number, answers: Answers): void {
  // If the parent ended while this process was loading, 'disconnect' is not emitted any more.
  if (!process.connected) process.exit();
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, name, argument }: Question) => {
    let reply: Reply;
    try {
      reply = { id, value: await answers[name]?.(argument) };
    } catch (error) {
      reply = { id, error: String(error) };
    }
    process.send?.({ reply });
  });
  process.send?.({ port });
  // `stop()` kills this process, so it can't write the cache when it ends.
  flushCompileCache();
}
