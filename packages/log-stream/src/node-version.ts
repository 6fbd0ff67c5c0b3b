import { LogStreamError } from './errors.ts';

/** The oldest Node.js that `engines` in package.json allows. */
export const oldestNode = '22.19';

/** @throws LogStreamError `ERR_LOG_STREAM_NODE` if `version`, such as `20.11.1`, is older than {@link oldestNode} */
export function checkNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  const error = new LogStreamError(
    'ERR_LOG_STREAM_NODE',
    `@datashop/log-stream needs Node.js ${oldestNode} or newer, this is ${version}`,
  );
  // Node.js prints the stack and the enumerable fields of an uncaught error. Here the message says all there is to say.
  error.stack = `${error.name} [${error.code}]: ${error.message}`;
  for (const field of Object.keys(error)) Object.defineProperty(error, field, { enumerable: false });
  throw error;
}

// At load. `index.ts` imports this module first, so it runs before any module that needs a newer Node.js.
checkNodeVersion(process.versions.node);
