import { SseProxyError } from '../errors.ts';
import type {
  ReplayOptions,
  ResumeOptions,
  ShareOptions,
  SlowClientOptions,
  SseObserver,
  SseProxyOptions,
} from '../types.ts';
import { defaults } from './defaults.ts';
import {
  allowedOrigin,
  cookieName,
  forwardedName,
  queryName,
  responseName,
  upstreamHeadersRule,
} from './header-rules.ts';
import { limitsRule } from './limit-rules.ts';
import * as rule from './rule.ts';
import { parseTarget, type TargetTemplate } from './target.ts';

const { value, list, group, switchable, milliseconds, off, count, callable } = rule;

type Given = SseProxyOptions;
type TargetFunction = Extract<Given['target'], (...args: never[]) => unknown>;

const hook = value<SseObserver[keyof SseObserver]>(undefined, callable);
const hooks: rule.Rules<SseObserver> = {
  onOpen: hook,
  onClose: hook,
  onRefuse: hook,
  onResume: hook,
  onGap: hook,
  onEvict: hook,
  onError: hook,
};

const resumeTable = {
  minDelayMs: value<number>(defaults.resume.minDelayMs, milliseconds),
  maxDelayMs: value<number>(defaults.resume.maxDelayMs, milliseconds),
  maxOutageMs: value<number>(defaults.resume.maxOutageMs, milliseconds),
  afterEnd: value<'resume' | 'end'>('resume', rule.oneOf('resume', 'end')),
} satisfies rule.Rules<ResumeOptions>;

const replayTable = {
  maxEvents: value<number>(defaults.share.replay.maxEvents, count),
  maxBytes: value<number>(defaults.share.replay.maxBytes, count),
  maxAgeMs: value<number>(defaults.share.replay.maxAgeMs, milliseconds),
} satisfies rule.Rules<ReplayOptions>;

const shareTable = {
  key: value<ShareOptions['key']>(undefined, callable),
  ids: value<'upstream' | 'assign'>('upstream', rule.oneOf('upstream', 'assign')),
  join: value<'fresh' | 'live'>('fresh', rule.oneOf('fresh', 'live')),
  replay: group(replayTable),
  lingerMs: value<number>(defaults.share.lingerMs, ['0', (given) => given === 0], milliseconds),
} satisfies rule.Rules<ShareOptions>;

const slowClientTable = {
  maxBufferedBytes: value<number>(defaults.slowClient.maxBufferedBytes, count),
  maxStallMs: value<number>(defaults.slowClient.maxStallMs, milliseconds),
  maxTotalBytes: value<number>(defaults.slowClient.maxTotalBytes, count),
} satisfies rule.Rules<SlowClientOptions>;

const optionTable = {
  target: (given): TargetTemplate | TargetFunction =>
    typeof given === 'function' ? (given as TargetFunction) : parseTarget(given),
  name: value<string | undefined>(undefined, [
    'a string of 1 to 200 printable characters',
    (given) => typeof given === 'string' && /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u.test(given),
  ]),
  forwardHeaders: list(defaults.forwardHeaders, 'header names', forwardedName),
  forwardCookies: list([], 'cookie names', cookieName),
  forwardQuery: (given, path): readonly string[] | true =>
    given === true ? true : list([], 'parameter names', queryName)(given, path),
  responseHeaders: list(defaults.responseHeaders, 'header names', responseName),
  upstreamHeaders: upstreamHeadersRule,
  authorize: value<Given['authorize']>(undefined, callable),
  reauthorizeMs: value<number | false>(false, milliseconds, off),
  share: switchable(false, group(shareTable)),
  resume: switchable(true, group(resumeTable)),
  heartbeatMs: value<number | false>(defaults.heartbeatMs, milliseconds, off),
  retryMs: value<number | false>(defaults.retryMs, milliseconds, off),
  connectTimeoutMs: value<number>(defaults.connectTimeoutMs, milliseconds),
  headersTimeoutMs: value<number>(defaults.headersTimeoutMs, milliseconds),
  openAfterMs: value<number | false>(defaults.openAfterMs, milliseconds, off),
  idleTimeoutMs: value<number | false>(defaults.idleTimeoutMs, milliseconds, off),
  maxDurationMs: value<number | false>(false, milliseconds, off),
  hookTimeoutMs: value<number>(defaults.hookTimeoutMs, milliseconds),
  slowClient: group(slowClientTable),
  maxEventBytes: value<number>(defaults.maxEventBytes, count),
  limits: limitsRule,
  refuse: value<'soft' | 'status'>(defaults.refuse, rule.oneOf('soft', 'status')),
  allowOrigins: list([], 'origins', allowedOrigin),
  transform: value<Given['transform']>(undefined, callable),
  observers: list([], 'observers', readObserver),
  dispatcher: value<Given['dispatcher']>(undefined, [
    'an undici dispatcher (an object with a dispatch function)',
    (given) => typeof (given as { dispatch?: unknown } | null)?.dispatch === 'function',
  ]),
  fastPath: value<boolean>(true, rule.flag),
} satisfies rule.Rules<Given>;

/** The names of all options, in the order of the table above. */
export const optionNames: readonly string[] = Object.keys(optionTable);

type Checked = rule.Values<typeof optionTable>;

/** The checked options, complete and frozen. Everything behind the factory reads this and never the user's object. */
export interface Config extends Omit<Checked, 'limits'> {
  readonly limiter: Checked['limits']['limiter'];
  /** Most upstream connections at once. */
  readonly maxUpstreams: number;
  /** When to open before the upstream's headers; false where that is off. [R6] */
  readonly openAfterMs: number | false;
  /** Whether the user set idleTimeoutMs: then it also applies to an upstream that never sent an id or a comment. */
  readonly idleTimeoutIsSet: boolean;
  /** Period of the heartbeat timer that also enforces the bounds of slow and long streams. */
  readonly beatMs: number;
  /** Period of the timer that checks for silent upstreams, of which there may be as many as browsers. */
  readonly idleBeatMs: number;
}

/** `share`, checked and complete. */
export type ShareConfig = Exclude<Checked['share'], false>;

/**
 * Checks the user's options and fills in the defaults.
 *
 * @throws SseProxyError `ERR_SSE_OPTION` that names the option, what was expected and what arrived
 */
export function readOptions(given: SseProxyOptions): Config {
  try {
    const { limits, ...checked } = group(optionTable)(given, '');
    checkTogether(given, checked, limits.needAuthorize);
    const { heartbeatMs, idleTimeoutMs, maxDurationMs, reauthorizeMs, slowClient, refuse, resume } = checked;
    const opensEarly = refuse === 'soft' && resume !== false;
    const spans = [heartbeatMs, idleTimeoutMs, maxDurationMs, reauthorizeMs, slowClient.maxStallMs];
    return Object.freeze({
      ...checked,
      // It goes up without being listed, as the protocol's cursor. [R16]
      forwardHeaders: Object.freeze(checked.forwardHeaders.filter((name) => name !== 'last-event-id')),
      limiter: limits.limiter,
      maxUpstreams: limits.upstreams,
      openAfterMs: opensEarly && checked.openAfterMs && Math.min(checked.openAfterMs, checked.headersTimeoutMs),
      idleTimeoutIsSet: given.idleTimeoutMs !== undefined,
      beatMs: Math.min(1_000, quarterOf(Math.min(...spans.filter((span) => span !== false)))),
      idleBeatMs: Math.min(2_500, quarterOf(idleTimeoutMs || defaults.idleTimeoutMs)),
    });
  } catch (cause) {
    if (cause instanceof SseProxyError) throw cause;
    // A getter or a Proxy of the user's threw.
    throw new SseProxyError('ERR_SSE_OPTION', {
      message: 'sse-proxy option options: expected members that can be read, got one that throws',
      cause,
    });
  }
}

/** What one option requires of another. */
function checkTogether(given: Given, checked: Omit<Checked, 'limits'>, needAuthorize: readonly string[]): void {
  const { authorize, resume, share, forwardHeaders, forwardCookies, headersTimeoutMs, reauthorizeMs } = checked;
  if (reauthorizeMs && !authorize) rule.refuseOption('reauthorizeMs', 'authorize to be set too', reauthorizeMs);
  if (needAuthorize.length > 0 && !authorize) {
    const expected = 'a key to count by: a key function, or authorize that returns { key }';
    rule.refuseOption(`limits.rules ${needAuthorize[0]}`, expected, 'neither');
  }
  if (resume && resume.maxDelayMs < resume.minDelayMs) {
    const expected = `at least resume.minDelayMs (${resume.minDelayMs})`;
    rule.refuseOption('resume.maxDelayMs', expected, resume.maxDelayMs);
  }
  if (typeof given.openAfterMs === 'number' && given.openAfterMs > headersTimeoutMs) {
    rule.refuseOption('openAfterMs', `at most headersTimeoutMs (${headersTimeoutMs})`, given.openAfterMs);
  }
  if (!share) return;
  const credential = forwardHeaders.find(isCredential) ?? (forwardCookies.length > 0 ? 'forwardCookies' : undefined);
  if (share.key && credential !== undefined) {
    const expected = "no user's credentials to be forwarded (no such name in forwardHeaders, no forwardCookies)";
    rule.refuseOption('share.key', expected, credential);
  }
  const common: readonly string[] = defaults.responseHeaders;
  const ofOne = checked.responseHeaders.find((name) => !common.includes(name));
  if (ofOne !== undefined) {
    rule.refuseOption('responseHeaders', `with share only names of ${common.join(', ')}`, ofOne);
  }
}

function readObserver(given: unknown, path: string): SseObserver {
  if (!rule.isRecord(given)) return rule.refuseOption(path, 'an object with hooks', given);
  for (const [name, check] of Object.entries(hooks)) check(given[name], `${path}.${name}`);
  const typo = Object.keys(given).find((name) => /^on[A-Z]/i.test(name) && !Object.hasOwn(hooks, name));
  if (typo !== undefined) rule.refuseOption(path, `hooks out of ${Object.keys(hooks).join(', ')}`, typo);
  return given as SseObserver;
}

/** Whether a header's name says that it carries what identifies a user. */
function isCredential(name: string): boolean {
  return /auth|token|secret|session|cookie|api-?key|credential|jwt/i.test(name);
}

/** Four periods in a span keep what is measured in periods within a quarter of the span. */
function quarterOf(spanMs: number): number {
  return Math.max(5, spanMs / 4);
}
