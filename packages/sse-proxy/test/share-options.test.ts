import { expect } from 'chai';
import { SseProxyError, sseProxy } from '../src/index.ts';
import type { SseProxyOptions } from '../src/types.ts';

const target = 'http://127.0.0.1:1/logs';
const key = () => 'key';

/** Makes a middleware with options that TypeScript would not let through. */
function make(options: Record<string, unknown>): () => unknown {
  return () => sseProxy({ target, ...options } as unknown as SseProxyOptions);
}

describe('options of resume and share are checked when the middleware is made', () => {
  const wrong: [option: string, options: Record<string, unknown>][] = [
    ['resume', { resume: 'yes' }],
    ['resume', { resume: 1 }],
    ['resume', { resume: [] }],
    ['resume.minDelay', { resume: { minDelay: 1 } }],
    ['share', { share: 'yes' }],
    ['share', { share: [] }],
    ['share', { share: 1 }],
    ['share.keys', { share: { keys: key } }],
    ['share.key', { share: { key: 'key' }, forwardHeaders: [] }],
    ['share.key', { share: { key: null }, forwardHeaders: [] }],
    ['share.ids', { share: { ids: 'own' } }],
    ['share.ids', { share: { ids: true } }],
    ['share.replay', { share: { replay: false } }],
    ['share.replay', { share: { replay: 7 } }],
    ['share.replay.maxEvent', { share: { replay: { maxEvent: 1 } } }],
    ['share.lingerMs', { share: { lingerMs: false } }],
    ['slowClient.maxTotalBytes', { slowClient: { maxTotalBytes: 0 } }],
  ];
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', null, true]) {
    for (const name of ['minDelayMs', 'maxDelayMs', 'maxOutageMs']) {
      wrong.push([`resume.${name}`, { resume: { [name]: bad } }]);
    }
    wrong.push(['share.replay.maxAgeMs', { share: { replay: { maxAgeMs: bad } } }]);
    if (bad !== 0) wrong.push(['share.lingerMs', { share: { lingerMs: bad } }]);
  }
  for (const bad of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, true, 2 ** 53]) {
    wrong.push(['share.replay.maxEvents', { share: { replay: { maxEvents: bad } } }]);
    wrong.push(['share.replay.maxBytes', { share: { replay: { maxBytes: bad } } }]);
  }
  for (const [option, options] of wrong) {
    const given = JSON.stringify(options, (_, value) => (typeof value === 'number' ? String(value) : value));
    it(`refuses ${given} and names ${option}`, () => {
      expect(make(options))
        .to.throw(SseProxyError, `sse-proxy option ${option}: `)
        .with.property('code', 'ERR_SSE_OPTION');
    });
  }

  it('refuses a longest wait that is shorter than the first', () => {
    const told = 'resume.maxDelayMs: expected at least resume.minDelayMs (200), got 100';
    expect(make({ resume: { minDelayMs: 200, maxDelayMs: 100 } })).to.throw(SseProxyError, told);
    // Also against a default.
    expect(make({ resume: { minDelayMs: 20_000 } })).to.throw(SseProxyError, 'resume.maxDelayMs');
    expect(make({ resume: { minDelayMs: 100, maxDelayMs: 100 } })).to.not.throw();
  });

  const forwarding: [what: string, options: Record<string, unknown>][] = [
    ['the default headers, authorization among them', {}],
    ['authorization', { forwardHeaders: ['Authorization'] }],
    ['a token', { forwardHeaders: ['accept-language', 'X-Access-Token'] }],
    ['an API key', { forwardHeaders: ['X-Api-Key'] }],
    ['a cookie', { forwardHeaders: [], forwardCookies: ['theme'] }],
  ];
  for (const [what, options] of forwarding) {
    it(`refuses share.key while ${what} goes up`, () => {
      expect(make({ ...options, share: { key } })).to.throw(SseProxyError, 'sse-proxy option share.key: expected no ');
      expect(make({ ...options, share: true })).to.not.throw();
    });
  }

  for (const options of [
    { share: { key }, forwardHeaders: [] },
    { share: { key }, forwardHeaders: ['accept-language', 'traceparent'] },
    { share: true },
    { share: {} },
    { share: false },
    { share: undefined },
    { share: { lingerMs: 0, ids: 'assign', replay: { maxEvents: 1, maxBytes: 1, maxAgeMs: 1 } } },
    { share: { replay: {} } },
    { resume: true },
    { resume: false },
    { resume: {} },
    { resume: { minDelayMs: 1, maxDelayMs: 1, maxOutageMs: 2 ** 31 - 1 } },
  ]) {
    it(`takes ${JSON.stringify(options)}`, () => expect(make(options)).to.not.throw());
  }
});
