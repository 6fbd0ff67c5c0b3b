import { quote } from '../errors.ts';

export interface SqliteSettings {
  readonly kind: 'sqlite';
  readonly path: string;
}

export interface MongoSettings {
  readonly kind: 'mongodb';
  readonly uri: string;
  readonly collection: string;
  /** Left out: no messages announce new logs. */
  readonly redisUrl: string | undefined;
  /** True: the index is created in the background. */
  readonly createIndex: boolean;
}

export interface MetricsSettings {
  readonly port: number;
  readonly host: string;
}

/** What the program reads from its environment. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly store: SqliteSettings | MongoSettings;
  /** Left out: there are no metrics. */
  readonly metrics: MetricsSettings | undefined;
  /** Left out: the service needs no token. */
  readonly token: string | undefined;
  /** Milliseconds between two polls for logs of other processes; left out: the store's default. */
  readonly pollMs: number | undefined;
  /** False: pages only, no streams. */
  readonly stream: boolean;
}

/** A variable is wrong. The message is one line that names it, what was expected and what arrived. */
export class SettingsError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

const defaultPort = 8610;
const defaultCollection = 'logs';
const maxPollSeconds = 86_400;
const ownVariables = ['SSE_TOKEN', 'SSE_POLL_INTERVAL', 'SSE_ENABLED'];
const switchWords: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  on: true,
  false: false,
  0: false,
  no: false,
  off: false,
};

/** Reads the settings. A variable that is empty counts as left out, except SSE_TOKEN. @throws SettingsError */
export function readSettings(env: Environment): Settings {
  const unknown = Object.keys(env).find((name) => /^sse_/i.test(name) && !ownVariables.includes(name));
  if (unknown !== undefined) throw new SettingsError(`${quote(unknown)}: expected one of ${ownVariables.join(', ')}`);
  const token = tokenOf(env.SSE_TOKEN);
  return {
    port: portOf('PORT', env.PORT),
    // Without a token every client that reaches the port may read all logs, so another address than loopback must be
    // given on purpose.
    host: env.HOST || (token === undefined ? '127.0.0.1' : '0.0.0.0'),
    store: storeOf(env),
    metrics: metricsOf(env),
    token,
    pollMs: pollOf(env.SSE_POLL_INTERVAL),
    stream: switchOf('SSE_ENABLED', env.SSE_ENABLED) ?? true,
  };
}

function storeOf(env: Environment): SqliteSettings | MongoSettings {
  const { SQLITE_PATH: path, MONGODB_URI: uri, MONGODB_COLLECTION: collection, REDIS_URL: redisUrl } = env;
  if (path && uri) throw new SettingsError('SQLITE_PATH and MONGODB_URI: expected one store, got two');
  if (!path && !uri) {
    throw new SettingsError('SQLITE_PATH or MONGODB_URI: expected the file or the server of the logs, got nothing');
  }
  const createIndex = switchOf('MONGODB_CREATE_INDEX', env.MONGODB_CREATE_INDEX) ?? false;
  if (path) {
    if (collection) throw new SettingsError('MONGODB_COLLECTION: expected MONGODB_URI beside it, got SQLITE_PATH');
    return { kind: 'sqlite', path };
  }
  // No value is quoted: a URI contains the password.
  if (!uri || !/^mongodb(\+srv)?:\/\/[^/]/.test(uri)) {
    throw new SettingsError('MONGODB_URI: expected mongodb://… or mongodb+srv://…, got another text');
  }
  if (redisUrl && !/^rediss?:\/\//.test(redisUrl)) {
    throw new SettingsError('REDIS_URL: expected redis://… or rediss://…, got another text');
  }
  return {
    kind: 'mongodb',
    uri,
    collection: collection || defaultCollection,
    redisUrl: redisUrl || undefined,
    createIndex,
  };
}

/** Metrics show what the service does, so another address than loopback must be given on purpose. */
function metricsOf({ METRICS_PORT: port, METRICS_HOST: host }: Environment): MetricsSettings | undefined {
  if (!port && host) throw new SettingsError('METRICS_HOST: expected METRICS_PORT beside it, got nothing');
  return port ? { port: portOf('METRICS_PORT', port), host: host || '127.0.0.1' } : undefined;
}

function portOf(name: string, text: string | undefined): number {
  if (!text) return defaultPort;
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw invalid(name, 'a whole number from 0 to 65535', text);
}

function tokenOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text;
  // An empty value is probably a secret that was not found. To require no token, leave the variable out.
  const got = text === '' ? 'an empty value' : 'other characters';
  throw new SettingsError(`SSE_TOKEN: expected visible ASCII characters, got ${got}`);
}

function pollOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const pollMs = /^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(text) ? Math.round(Number(text) * 1_000) : 0;
  if (pollMs >= 1 && pollMs <= maxPollSeconds * 1_000) return pollMs;
  throw invalid('SSE_POLL_INTERVAL', `seconds from 0.001 to ${maxPollSeconds}`, text);
}

function switchOf(name: string, text: string | undefined): boolean | undefined {
  if (!text) return undefined;
  const word = text.toLowerCase();
  if (Object.hasOwn(switchWords, word)) return switchWords[word];
  throw invalid(name, 'true or false', text);
}

function invalid(name: string, expected: string, got: string): SettingsError {
  return new SettingsError(`${name}: expected ${expected}, got ${quote(got)}`);
}
