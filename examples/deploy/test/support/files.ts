import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { usage } from '../../../../packages/log-stream/src/program/usage.ts';

/** Path of a file of examples/deploy, or of its folder. */
export function deployed(path = ''): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The documents of a YAML file of examples/deploy, with `<<` merged. @throws Error if it is not YAML */
export function yaml<T>(path: string): T[] {
  return parseAllDocuments(readFileSync(deployed(path), 'utf8'), { merge: true }).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as T;
  });
}

const source = fileURLToPath(new URL('../../../datashop/src/', import.meta.url));
const reads = /(?:process\.env\.|(?:required|secret|milliseconds|count|choice|list)\(')([A-Z][A-Z_]+)/g;

/** Variables that the BFF's source reads. */
export function bffVariables(): Set<string> {
  const files = ['environment.ts', 'listen.ts', ...readdirSync(`${source}bff`).map((name) => `bff/${name}`)];
  const texts = files.map((file) => readFileSync(source + file, 'utf8'));
  return new Set(
    texts.flatMap((text) => {
      const destructured = [...text.matchAll(/const \{ ([A-Z_, ]+) \} = process\.env/g)];
      const names = destructured.flatMap(([, list]) => (list as string).split(', '));
      return [...names, ...[...text.matchAll(reads)].map(([, name]) => name as string)];
    }),
  );
}

/** Variables that `log-stream --help` names. */
export function logServiceVariables(): Set<string> {
  const [, list = ''] = usage.split('Environment variables:\n');
  return new Set([...list.matchAll(/^ {2}([A-Z_]+) /gm)].map(([, name]) => name as string));
}

/** Most milliseconds for which the BFF (beside its drain) and the log service still send what they have begun. */
export const closingMs = { bff: 3_000, logService: 10_000 };
