import type { SseProxyError, StreamInfo } from '@datashop/sse-proxy';
import { printable } from '../printable.ts';

/** Name of the field → possible names of the route parameter. */
export type ParamNames = Readonly<Record<string, readonly string[]>>;

/** The customer's names, and their usual spellings. */
export const defaultParams: ParamNames = {
  workspace: ['workspace', 'workspaceId', 'workspaceID'],
  workflow: ['workflow', 'workflowId', 'workflowID'],
};

/**
 * Names that {@link accessLog} or pino use for fields of their own: a field of `authorize` must not overwrite those.
 */
const reserved: ReadonlySet<string> = new Set(
  `connection route user resumed early waitedMs reason bound durationMs events bytes code detail rule cause status retryMs
  attempts browsers outageMs eventIdHash logLevel level time pid hostname name msg err v`.split(/\s+/),
);

/**
 * The fields of a log line that identify a stream: those that `authorize` returned, and of the route's parameters only
 * the listed ones, because others may be secrets.
 */
export function streamFields(stream: StreamInfo, params: ParamNames, hasUser: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = { connection: stream.id, route: printable(stream.route) };
  for (const [field, names] of Object.entries(params)) {
    const value = names.map((name) => stream.params[name]).find((it) => it !== undefined);
    if (value !== undefined) fields[field] = printable(String(value));
  }
  for (const [name, value] of Object.entries(stream.fields)) {
    fields[reserved.has(name) ? `field_${name}` : name] = printable(value);
  }
  if (hasUser && stream.key !== undefined) fields.user = printable(stream.key);
  return fields;
}

/**
 * The fields of a log line that describe an error. Of its cause only a code such as `ECONNREFUSED`: its text may
 * contain secrets.
 */
export function errorFields(error: SseProxyError): Record<string, unknown> {
  const { code, message, rule } = error;
  const cause = causeCode(error);
  return { code, detail: message, ...(rule !== undefined && { rule }), ...(cause !== undefined && { cause }) };
}

/** The first code of a system error among the causes. */
function causeCode(error: Error): string | undefined {
  let cause: unknown = error.cause;
  for (let depth = 0; depth < 4 && typeof cause === 'object' && cause !== null; depth++) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,50}$/.test(code)) return code;
    cause = (cause as { cause?: unknown }).cause;
  }
  return undefined;
}
