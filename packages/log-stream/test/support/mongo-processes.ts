import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pythonWithPymongo } from '../../../../scripts/needs.mjs';

const program = fileURLToPath(new URL('../mongo-server/program.ts', import.meta.url));
const writer = fileURLToPath(new URL('mongo_writer.py', import.meta.url));

/** The scripted MongoDB server as a process that can be killed and restarted on its port with its data. */
export class MongoProcess {
  readonly #file: string;
  #process: ChildProcess | undefined;
  #port = 0;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @param file keeps the data */
  static async start(file: string): Promise<MongoProcess> {
    const mongo = new MongoProcess(file);
    await mongo.start();
    return mongo;
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${this.#port}/?replicaSet=rs0`;
  }

  async start(): Promise<void> {
    const args = [program, '--port', `${this.#port}`, '--file', this.#file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    const [line] = await once(child.stdout, 'data');
    this.#port = Number(new URL(String(line).trim()).port);
  }

  async kill(): Promise<void> {
    await killProcess(this.#process);
  }
}

/** A Python program that writes logs into MongoDB. */
export class PythonWriter {
  readonly #process: ChildProcess;
  #output = '';

  /** @param count of logs; 0: until it is killed */
  constructor(uri: string, namespace: string, prefix: string, count: number, intervalS = 0) {
    const args = [writer, uri, namespace, prefix, `${count}`, `${intervalS}`];
    this.#process = spawn(pythonWithPymongo() ?? 'python3', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process.stdout?.on('data', (chunk) => (this.#output += chunk));
  }

  /** Messages of the logs that the server has acknowledged. */
  get acknowledged(): string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (this.#process.exitCode === null) await once(this.#process, 'close');
    if (this.#process.exitCode !== 0) throw new Error(`the Python writer ended with ${this.#process.exitCode}`);
  }

  async kill(): Promise<void> {
    await killProcess(this.#process);
  }
}

async function killProcess(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
