import { createHmac } from 'node:crypto';

/**
 * Returns the hash that the audit log writes in place of an id: 22 characters of an HMAC-SHA-256. Use it to find the
 * lines of a user or a workflow. Without the secret, lines can't be found by an id, and ids can't be guessed from
 * lines.
 *
 * @param secret option `secret` of {@link auditLog}
 */
export function hashId(id: string, secret: string): string {
  return createHmac('sha256', secret).update(id).digest('base64url').slice(0, 22);
}
