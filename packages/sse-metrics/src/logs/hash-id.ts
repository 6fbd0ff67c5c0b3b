import { createHmac } from 'node:crypto';

/**
 * The hash that the audit log writes in place of an id: 22 characters of an HMAC-SHA-256. Use it to find the lines of a
 * user or a workflow: they can't be found without the secret, and the id can't be guessed from them.
 *
 * @param secret option `secret` of {@link auditLog}
 */
export function hashId(id: string, secret: string): string {
  return createHmac('sha256', secret).update(id).digest('base64url').slice(0, 22);
}
