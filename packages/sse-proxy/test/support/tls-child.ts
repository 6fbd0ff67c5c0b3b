// Run as a process of its own by tls.test.ts, with NODE_TLS_REJECT_UNAUTHORIZED=0: prints what became of one stream.
import https from 'node:https';
import { proxyApp } from './app.ts';
import { browse } from './browser.ts';
import { selfSigned } from './certificate.ts';
import { tlsUpstream } from './tls-upstream.ts';
import { until } from './until.ts';

const upstream = await tlsUpstream(selfSigned());
const plain = await new Promise<number | undefined>((resolve, reject) => {
  https.get(upstream.url, (res) => resolve(res.destroy().statusCode)).on('error', reject);
});
const app = await proxyApp({ target: upstream.url, refuse: 'status' });
const browser = browse(app.port);
await until(() => browser.complete() || browser.body() !== '');
const { error } = app.witness.errors[0] ?? {};
process.stdout.write(
  JSON.stringify({
    plain,
    status: browser.status(),
    code: error?.code,
    cause: (error?.cause as { code?: string } | undefined)?.code,
    asked: upstream.asked(),
  }),
);
browser.leave();
await app.close();
await upstream.close();
