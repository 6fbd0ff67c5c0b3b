import { isProxyError } from '../errors.ts';
import type { CloseOptions, SseProxyOptions } from '../types.ts';
import { defaults } from './defaults.ts';
import { type CheckedOptions, closeTable, optionTable, targetOptions } from './option-table.ts';
import { group, optionError, refuseDescribed, refuseOption } from './rule.ts';

/** The checked options, complete and frozen. After the factory, all code reads this and never the user's object. */
export interface Config extends Omit<CheckedOptions, 'limits'> {
  readonly limiter: CheckedOptions['limits']['limiter'];
  /** Most upstream connections at once. */
  readonly maxUpstreams: number;
  /** Names of the built-in limits; empty with a limiter of the user's. */
  readonly limitNames: readonly string[];
  /**
   * How long after the upstream was connected a stream opens without its headers, in milliseconds; false if never. [R6]
   */
  readonly openAfterMs: number | false;
  /** True if the user set idleTimeoutMs. Then it also applies to an upstream that never sent an id or a comment. */
  readonly idleTimeoutIsSet: boolean;
  /** Period of the ticks that send heartbeats and enforce the bounds of slow and long streams, in milliseconds. */
  readonly tickMs: number;
  /**
   * Period of the ticks that detect silent upstreams, in milliseconds. A period of its own, since there may be as many
   * upstreams as browsers.
   */
  readonly idleTickMs: number;
}

/** `share`, checked and complete. */
export type ShareConfig = Exclude<CheckedOptions['share'], false>;

/**
 * Checks the user's options and fills in the defaults.
 *
 * @throws SseProxyError `ERR_SSE_OPTION` that names the option, what was expected and what arrived
 */
export function readOptions(given: SseProxyOptions): Config {
  return refusingHostileMembers('', () => {
    const { limits, ...checked } = group(optionTable)(given, '');
    checkTogether(given, checked, limits.needAuthorize);
    const { heartbeatMs, maxDurationMs, reauthorizeMs, slowClient, refuse, resume, source } = checked;
    const idleTimeoutIsSet = given.idleTimeoutMs !== undefined;
    // A source has no connection that could be half open, so its silence is no sign of a fault.
    const idleTimeoutMs = source && !idleTimeoutIsSet ? false : checked.idleTimeoutMs;
    const opensEarly = refuse === 'soft' && resume !== false;
    const spans = [heartbeatMs, idleTimeoutMs, maxDurationMs, reauthorizeMs, slowClient.maxStallMs];
    return Object.freeze({
      ...checked,
      // Last-Event-ID always goes up, also if it isn't listed. [R16]
      forwardHeaders: Object.freeze(checked.forwardHeaders.filter((name) => name !== 'last-event-id')),
      limiter: limits.limiter,
      maxUpstreams: limits.upstreams,
      limitNames: Object.freeze(limits.names),
      idleTimeoutMs,
      openAfterMs: opensEarly && checked.openAfterMs && Math.min(checked.openAfterMs, checked.headersTimeoutMs),
      idleTimeoutIsSet,
      tickMs: Math.min(1_000, quarterOf(Math.min(...spans.filter((span) => span !== false)))),
      idleTickMs: Math.min(2_500, quarterOf(idleTimeoutMs || defaults.idleTimeoutMs)),
    });
  });
}

/** Checks the options of `close()`. @throws SseProxyError `ERR_SSE_OPTION` */
export function readCloseOptions(given: CloseOptions | undefined): Readonly<Required<CloseOptions>> {
  return refusingHostileMembers('close', () => group(closeTable)(given, 'close'));
}

/** @throws SseProxyError `ERR_SSE_OPTION` also where a getter or a Proxy of the user's throws */
function refusingHostileMembers<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (isProxyError(cause)) throw cause;
    throw optionError(path, 'members that can be read', 'one that throws', cause);
  }
}

/** Checks what one option requires of another. */
function checkTogether(
  given: SseProxyOptions,
  checked: Omit<CheckedOptions, 'limits'>,
  needAuthorize: readonly string[],
): void {
  const { authorize, resume, share, forwardHeaders, forwardCookies, headersTimeoutMs, reauthorizeMs } = checked;
  checkUpstream(given, checked);
  if (reauthorizeMs && !authorize) refuseDescribed('reauthorizeMs', 'authorize to be set too', 'no authorize');
  if (needAuthorize.length > 0 && !authorize) {
    const expected = 'a key to count by: a key function, or authorize that returns { key }';
    refuseDescribed(`limits.rules ${needAuthorize[0]}`, expected, 'no key and no authorize');
  }
  if (resume && resume.maxDelayMs < resume.minDelayMs) {
    const expected = `at least resume.minDelayMs (${resume.minDelayMs})`;
    refuseOption('resume.maxDelayMs', expected, resume.maxDelayMs);
  }
  if (typeof given.openAfterMs === 'number' && given.openAfterMs > headersTimeoutMs) {
    refuseOption('openAfterMs', `at most headersTimeoutMs (${headersTimeoutMs})`, given.openAfterMs);
  }
  if (!share) return;
  if (share.relay) checkRelay(checked, resume !== false);
  if (checked.source) return;
  const credential = forwardHeaders.find(isCredential) ?? (forwardCookies.length > 0 ? 'forwardCookies' : undefined);
  if (share.key && credential !== undefined) {
    const expected = "no user's credentials to be forwarded (no such name in forwardHeaders, no forwardCookies)";
    refuseOption('share.key', expected, credential);
  }
  const common: readonly string[] = defaults.responseHeaders;
  const ofOne = checked.responseHeaders.find((name) => !common.includes(name));
  if (ofOne !== undefined) {
    refuseOption('responseHeaders', `only names of ${common.join(', ')}, because share is set`, ofOne);
  }
}

/** Either `target` or `source`, and nothing that only the other one uses. */
function checkUpstream(given: SseProxyOptions, { target, source, share }: Omit<CheckedOptions, 'limits'>): void {
  if (!source) {
    if (!target) refuseOption('target', 'an absolute http: or https: URL, or source in its place', given.target);
    return;
  }
  if (target) refuseDescribed('source', 'no target beside it: events come from one of the two', 'target and source');
  for (const name of targetOptions) {
    if (given[name] === undefined) continue;
    refuseOption(name, 'it to be left out with source, which is called instead of an HTTP request', given[name]);
  }
  if (share && !share.key) {
    refuseOption('share', '{ key } with source: only your key decides which browsers get the same events', given.share);
  }
}

/**
 * With a relay, an instance must be able to resume at the last id, if the relay fails or the instance that reads the
 * upstream changes.
 */
function checkRelay({ source, name }: Pick<CheckedOptions, 'source' | 'name'>, resumes: boolean): void {
  if (!resumes)
    refuseDescribed(
      'share.relay',
      'resume not to be false, because instances resume feeds of each other',
      'resume: false',
    );
  // A source has no address: two sources with equal keys would share a feed if their routes had the same template.
  if (source && name === undefined) refuseOption('name', 'a string, because source and share.relay are set', name);
}

/** True if a header field of this name usually identifies a user. */
function isCredential(name: string): boolean {
  return /auth|token|secret|session|cookie|api-?key|credential|jwt/i.test(name);
}

/** The period in which `spanMs` is counted: a quarter, so that the result is wrong by at most that quarter. */
function quarterOf(spanMs: number): number {
  return Math.max(5, spanMs / 4);
}
