import type { ReplayOptions, ResumeOptions, ShareOptions, SseProxyOptions } from '../types.ts';
import { defaults } from './defaults.ts';
import type { ReplayBounds } from './replay-bounds.ts';
import * as check from './validate.ts';

/** `share`, checked and complete. */
export interface ShareConfig {
  readonly key: ShareOptions['key'];
  readonly ids: 'upstream' | 'assign';
  readonly replay: ReplayBounds;
  readonly lingerMs: number;
}

const knownResume: Record<keyof ResumeOptions, true> = { minDelayMs: true, maxDelayMs: true, maxOutageMs: true };
const knownShare: Record<keyof ShareOptions, true> = { key: true, ids: true, replay: true, lingerMs: true };
const knownReplay: Record<keyof ReplayOptions, true> = { maxEvents: true, maxBytes: true, maxAgeMs: true };

/** @throws SseProxyError `ERR_SSE_OPTION` */
export function readResume(value: SseProxyOptions['resume']): Required<ResumeOptions> | false {
  if (value === false) return false;
  const options = check.knownNames('resume', value === true || value === undefined ? {} : value, knownResume);
  const read = (name: keyof ResumeOptions) => check.duration(`resume.${name}`, options[name], defaults.resume[name]);
  const resume = { minDelayMs: read('minDelayMs'), maxDelayMs: read('maxDelayMs'), maxOutageMs: read('maxOutageMs') };
  if (resume.maxDelayMs < resume.minDelayMs) {
    check.refuseOption('resume.maxDelayMs', `at least resume.minDelayMs (${resume.minDelayMs})`, resume.maxDelayMs);
  }
  return Object.freeze(resume);
}

/** @throws SseProxyError `ERR_SSE_OPTION` */
export function readShare(options: SseProxyOptions, forwardHeaders: readonly string[]): ShareConfig | false {
  const { share: value } = options;
  if (value === false || value === undefined) return false;
  const share = check.knownNames('share', value === true ? {} : value, knownShare) as ShareOptions;
  if (share.key !== undefined) {
    check.optionalFunction('share.key', share.key);
    const credential = [...forwardHeaders, ...(options.forwardCookies ?? [])].find(isCredential);
    if (credential !== undefined || (options.forwardCookies ?? []).length > 0) {
      const expected = 'no credentials of users to be forwarded (forwardHeaders without them, no forwardCookies)';
      check.refuseOption('share.key', expected, credential ?? 'forwardCookies');
    }
  }
  const replay = check.knownNames('share.replay', share.replay === undefined ? {} : share.replay, knownReplay);
  const fallback = defaults.share.replay;
  return Object.freeze({
    key: share.key,
    ids: check.oneOf('share.ids', share.ids, ['upstream', 'assign'], 'upstream'),
    replay: Object.freeze({
      maxEvents: check.count('share.replay.maxEvents', replay.maxEvents, fallback.maxEvents),
      maxBytes: check.count('share.replay.maxBytes', replay.maxBytes, fallback.maxBytes),
      maxAgeMs: check.duration('share.replay.maxAgeMs', replay.maxAgeMs, fallback.maxAgeMs),
    }),
    lingerMs: share.lingerMs === 0 ? 0 : check.duration('share.lingerMs', share.lingerMs, defaults.share.lingerMs),
  });
}

/** Whether a header's name says that it carries what identifies a user. */
function isCredential(name: string): boolean {
  return /auth|token|secret|session|cookie|api-?key|credential|jwt/i.test(name);
}
