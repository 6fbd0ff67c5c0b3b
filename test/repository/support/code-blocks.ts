import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../packages/support/run.ts';

/** A fenced code block of a page. */
export interface CodeBlock {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

const globs = ['*.md', 'docs/*.md', 'packages/*/README.md', 'examples/*/README.md'];
const fence = /(<!-- file: \S+ -->\n+)?^( *)```(\w+)\n([\s\S]*?)^ *```$/gm;

/** The code blocks of all pages, except those that `scripts/quote-files.mjs` copies from files that tests run. */
export function codeBlocks(...languages: readonly string[]): CodeBlock[] {
  return globSync(globs, { cwd: root }).flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    return [...text.matchAll(fence)]
      .filter(([, quoted, , language = '']) => !quoted && languages.includes(language))
      .map((match) => ({
        page: page.replaceAll('\\', '/'),
        line: text.slice(0, match.index).split('\n').length,
        language: String(match[3]),
        code: String(match[4]),
      }));
  });
}

/** What blocks use without importing it, by the module that has it. */
const modules: Record<string, readonly string[]> = {
  '@datashop/sse-proxy': ['sseProxy', 'sseRouter', 'clientSubnet'],
  '@datashop/sse-client': ['createEventStream'],
  '@datashop/sse-client/react': ['useEventStream', 'useStreamSnapshot', 'shallowEqual'],
  '@datashop/sse-metrics': ['accessLog', 'adminPage', 'auditLog', 'forLogService', 'redisMetrics', 'sseMetrics'],
  '@datashop/sse-redis': ['redisFeeds', 'redisLimiter'],
  '@datashop/log-stream': ['logStreamRouter'],
  '@opentelemetry/api': ['trace'],
  '@opentelemetry/instrumentation': ['registerInstrumentations'],
  'better-sse': ['createChannel', 'createSession'],
  'http-proxy-middleware': ['createProxyMiddleware'],
  'node:events': ['on'],
  'node:http': ['http'],
  pino: ['pino'],
  '../../../examples/recipes/src/nest.ts': ['mountStream'],
  '../../../examples/sources/src/ndjson.ts': ['ndjson'],
  '../../../examples/sources/src/pod-log.ts': ['podLog'],
  '../../../examples/sources/src/emitter.ts': ['fromEmitter'],
  '../../../examples/sources/src/database.ts': ['logTable'],
  '../../../examples/sources/src/tail.ts': ['tailFile'],
};

const mentions = (code: string, name: string) => new RegExp(`(?<![.\\w'])${name}\\b`).test(code);

/** The block as a module of its own. Options that are shown alone become those of the middleware they belong to. */
export function moduleOf({ page, code }: CodeBlock): string {
  const imports = [...code.matchAll(/^import [\s\S]*?;\n/gm)].map(([line]) => line);
  let body = code.replaceAll(/^import [\s\S]*?;\n/gm, '').trim();
  if (/^(authorize|observers|limits): /.test(body)) {
    const options = body.replace(/[,;]$/, '');
    body = page.includes('log-stream')
      ? `logStreamRouter({ store, token, ${options} });`
      : `sseProxy({ target, ${options} });`;
  }
  if (/^source: /.test(body))
    body = `type _Shape = (${body.replace('source: ', '').replace('(req, { lastEventId, signal })', '(req: unknown, call: unknown)')});`;
  if (/^yield /.test(body)) body = `async function* _source() { ${body}\n}`;
  const added = Object.entries(modules).map(([from, names]) => {
    const used = names.filter(
      (name) =>
        mentions(body, name) && !mentions(imports.join(''), name) && !new RegExp(`function ${name}\\b`).test(body),
    );
    if (used.length === 0) return '';
    return from === 'node:http' ? `import http from 'node:http';\n` : `import { ${used.join(', ')} } from '${from}';\n`;
  });
  return `${added.join('')}${imports.join('')}${body}\nexport {};\n`;
}
