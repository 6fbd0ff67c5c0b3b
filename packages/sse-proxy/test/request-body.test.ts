import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { browseRaw } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const smuggled = 'GET /sse?smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const bodies: Record<string, string> = {
  'Content-Length': `Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  'chunked coding': `Transfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
};

const outcomes: [name: string, method: string, options: Partial<SseProxyOptions>][] = [
  ['a stream that ends', 'GET', {}],
  ['a soft refusal', 'GET', { authorize: () => Promise.reject(new Error('no')) }],
  ['a refusal by status', 'GET', { authorize: () => false }],
  ['HEAD', 'HEAD', {}],
  ['a refused HEAD', 'HEAD', { authorize: () => false }],
];

describe('a request body', () => {
  const { add, clean, upstream, app } = stage();
  afterEach(clean);

  for (const [coding, rest] of Object.entries(bodies)) {
    for (const [outcome, method, options] of outcomes) {
      it(`a request body in ${coding} closes the connection after ${outcome}, and is not read as a request [R10]`, async () => {
        const up = await upstream((request) => {
          request.begin();
          request.end();
        });
        const { port, server } = await app({ target: up.url, ...options });
        server.keepAliveTimeout = 0;
        const browser = add(browseRaw(port, `${method} /sse HTTP/1.1\r\nHost: a\r\n${rest}`), (it) => it.leave());
        await until(() => browser.closed());
        expect(browser.headers()).to.include({ connection: 'close' });
        expect(browser.wire().match(/HTTP\/1\.1 /g)).to.have.length(1);
        expect(up.requests.map(({ line }) => line).join()).to.not.include('smuggled');
      });
    }
  }
});
