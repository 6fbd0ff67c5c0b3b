import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { selfSigned } from '../../../packages/sse-proxy/test/support/certificate.ts';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import type { RawUpstream } from '../../../packages/sse-proxy/test/support/upstream.ts';
import { type Visit, visitHttp1, visitHttp2 } from '../../../packages/sse-proxy/test/support/visit.ts';
import { type Area, type Bench, type Cell, within } from '../support/cell.ts';
import { checkStream, dial, withUpstream } from '../support/check-stream.ts';
import { type Program, startProgram } from '../support/program.ts';
import { plainProject } from './express.ts';

type Ports = Program['ports'];
type Open = (port: number) => Visit;

const overTls: Open = (port) =>
  visitHttp1(() => connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }));
const overHttp2: Open = (port) => visitHttp2(`https://127.0.0.1:${port}`);

/** Row → name in programs/servers.mjs, and how the browser connects. */
const servers: Readonly<Record<string, readonly [name: string, open: Open]>> = {
  'Express in `http.createServer`': ['http', dial],
  'Express in `https.createServer`': ['https', overTls],
  'the handler itself in `http.createServer`': ['nodeHttp', dial],
  'the handler itself in `https.createServer`': ['nodeHttps', overTls],
  'the handler itself in `http2.createServer`': ['http2', (port) => visitHttp2(`http://127.0.0.1:${port}`)],
  'the handler itself in `http2.createSecureServer`': ['http2Tls', overHttp2],
  'the handler beside Express in `http2.createSecureServer`': ['http2BesideExpress', overHttp2],
  'the same, for a browser with HTTP/1.1': ['http2BesideExpress', overTls],
  'Express in `http2.createSecureServer`, for a browser with HTTP/1.1': ['http2Express', overTls],
};

/** Runs programs/servers.mjs meanwhile. */
async function withServers(bench: Bench, version: string, use: (ports: Ports, upstream: RawUpstream) => Promise<void>) {
  const project = await plainProject(bench, version);
  const files = { key: join(project.dir, 'key.pem'), cert: join(project.dir, 'cert.pem') };
  const { key, cert } = selfSigned();
  writeFileSync(files.key, key);
  writeFileSync(files.cert, cert);
  await withUpstream(async (upstream) => {
    const program = await startProgram(project, 'servers.mjs', [upstream.url, files.key, files.cert]);
    try {
      await use(program.ports, upstream);
    } finally {
      await program.stop();
    }
  });
}

async function streamsOn(bench: Bench, version: string, name: string, open: Open): Promise<undefined> {
  await withServers(bench, version, (ports, upstream) => checkStream(upstream, () => open(ports[name] as number)));
}

/** Express fails at any HTTP/2 request, also without this package. If it does no more, the table is out of date. */
async function expressFails(bench: Bench, version: string): Promise<string> {
  let body = '';
  const asked = withServers(bench, version, async ({ http2Plain = 0 }) => {
    const visit = visitHttp2(`https://127.0.0.1:${http2Plain}`, { path: '/plain' });
    await within('Express ends the response', until(visit.closed));
    body = visit.body();
  });
  const complaint = await asked.then(
    () => '',
    (error: Error) => error.message,
  );
  if (body !== '' || !complaint.includes('TypeError')) throw new Error(`Express responded ${body}: ${complaint}`);
  return '[Express itself fails](#http2-and-express)';
}

export const serverArea: Area = {
  name: 'servers',
  title: 'Servers',
  text: 'TLS with a self-signed certificate.',
  cells: (['4', '5'] as const).flatMap((version): Cell[] => {
    const column = `Express ${version}`;
    return [
      ...Object.entries(servers).map(([row, [name, open]]) => ({
        row,
        column,
        run: (bench: Bench) => streamsOn(bench, version, name, open),
      })),
      {
        row: 'Express in `http2.createSecureServer`, for a browser with HTTP/2',
        column,
        run: (bench) => expressFails(bench, version),
      },
    ];
  }),
};
