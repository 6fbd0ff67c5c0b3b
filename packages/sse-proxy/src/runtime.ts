import { SseProxyError } from './errors.ts';

/** The oldest Node.js that `engines` in package.json allows. */
export const oldestNode = '22.19';

/**
 * Checks that the package can run here.
 *
 * @param versions as in `process.versions`
 * @throws SseProxyError `ERR_SSE_RUNTIME` on a Node.js older than {@link oldestNode}, and on Bun
 */
export function checkRuntime(versions: { readonly node: string; readonly bun?: string | undefined }): void {
  const needed = `@datashop/sse-proxy needs Node.js ${oldestNode} or newer`;
  // Bun reports the version of the Node.js that it imitates, but the first request through the proxy ends its process.
  if (versions.bun !== undefined) throw refusal(`${needed}, this is Bun ${versions.bun}`);
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw refusal(`${needed}, this is ${versions.node}`);
}

function refusal(message: string): SseProxyError {
  const error = new SseProxyError('ERR_SSE_RUNTIME', { message });
  // Node.js prints the stack and the enumerable fields of an uncaught error. Here the message says all there is to say.
  error.stack = `${error.name} [${error.code}]: ${error.message}`;
  for (const field of Object.keys(error)) Object.defineProperty(error, field, { enumerable: false });
  return error;
}

// Runs at load. `index.ts` imports this module first, because undici fails to load on an older Node.js.
checkRuntime(process.versions);
