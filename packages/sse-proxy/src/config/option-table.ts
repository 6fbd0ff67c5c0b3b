import type {
  CloseOptions,
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
type TargetFunction = Extract<NonNullable<Given['target']>, (...args: never[]) => unknown>;

const hook = value<SseObserver[keyof SseObserver]>(undefined, callable);
const hooks: rule.Rules<SseObserver> = {
  onAttach: hook,
  onOpen: hook,
  onFirstEvent: hook,
  onEvent: hook,
  onClose: hook,
  onRefuse: hook,
  onUpstreamLost: hook,
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
  transform: value<ShareOptions['transform']>(undefined, callable),
  join: value<'fresh' | 'live'>('fresh', rule.oneOf('fresh', 'live')),
  relay: value<ShareOptions['relay']>(undefined, [
    'a relay (an object with an open function)',
    (given) => typeof (given as { open?: unknown } | null)?.open === 'function',
  ]),
  replay: group(replayTable),
  lingerMs: value<number>(defaults.share.lingerMs, ['0', (given) => given === 0], milliseconds),
} satisfies rule.Rules<ShareOptions>;

const slowClientTable = {
  maxBufferedBytes: value<number>(defaults.slowClient.maxBufferedBytes, count),
  maxStallMs: value<number>(defaults.slowClient.maxStallMs, milliseconds),
  maxTotalBytes: value<number>(defaults.slowClient.maxTotalBytes, count),
} satisfies rule.Rules<SlowClientOptions>;

/** One rule for each option. The compiler refuses an option without a rule. */
export const optionTable = {
  target: (given): TargetTemplate | TargetFunction | undefined => {
    if (given === undefined) return undefined;
    return typeof given === 'function' ? (given as TargetFunction) : parseTarget(given);
  },
  source: value<Given['source']>(undefined, callable),
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
  warnings: value<boolean>(true, rule.flag),
  dispatcher: value<Given['dispatcher']>(undefined, [
    'an undici dispatcher (an object with a dispatch function)',
    (given) => typeof (given as { dispatch?: unknown } | null)?.dispatch === 'function',
  ]),
  fastPath: value<boolean>(true, rule.flag),
} satisfies rule.Rules<Given>;

/** Options of the HTTP request to `target`. With `source` there is none. */
export const targetOptions = [
  'target',
  'forwardHeaders',
  'forwardCookies',
  'forwardQuery',
  'responseHeaders',
  'upstreamHeaders',
  'connectTimeoutMs',
  'dispatcher',
] as const satisfies readonly (keyof Given)[];

/** The options of `close()`. */
export const closeTable = {
  graceMs: value<number>(0, ['0', (given) => given === 0], milliseconds),
} satisfies rule.Rules<CloseOptions>;

/** The names of all options, in the order of the table above. */
export const optionNames: readonly string[] = Object.keys(optionTable);

/** What the rules return. */
export type CheckedOptions = rule.Values<typeof optionTable>;

function readObserver(given: unknown, path: string): SseObserver {
  if (!rule.isRecord(given)) return rule.refuseOption(path, 'an object with hooks', given);
  for (const [name, check] of Object.entries(hooks)) check(given[name], `${path}.${name}`);
  const typo = Object.keys(given).find((name) => /^on[A-Z]/i.test(name) && !Object.hasOwn(hooks, name));
  if (typo !== undefined) rule.refuseOption(path, `hooks out of ${Object.keys(hooks).join(', ')}`, typo);
  return given as SseObserver;
}
