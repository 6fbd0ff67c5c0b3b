// The test files, in groups that run side by side. A group is one process. The longest come first, so that none of
// them is still running when all others are done: `npm test -- --files` prints the times to order them by. Where two
// are as long, one that mostly waits comes before one that keeps a core busy, so that neither kind is left for the end.
import { globSync } from 'node:fs';

/** Name → globs; a file belongs to the first group that matches it. */
export const groups = {
  'packed tarballs': ['test/{packages,compatibility}/**/*.test.ts'],
  'viewer l-z': ['test/e2e/viewer-[l-z]*.test.ts'],
  'sse-proxy s-z': ['packages/sse-proxy/test/[s-z]*.test.ts'],
  'faults: others': ['test/faults/{everyday,fleet,process}-faults.test.ts', 'test/faults/checker.test.ts'],
  'viewer a-k': ['test/e2e/viewer-[b-k]*.test.ts'],
  'viewer: accessibility': ['test/e2e/viewer-accessible.test.ts'],
  examples: ['test/e2e/*.test.ts', 'examples/*/test/**/*.test.ts'],
  'faults: upstream': ['test/faults/upstream-faults.test.ts'],
  'browsers: WebKit': ['test/e2e/browsers/webkit.test.ts'],
  'browsers: Firefox': ['test/e2e/browsers/firefox.test.ts'],
  'sse-proxy g-r': ['packages/sse-proxy/test/[g-r]*.test.ts'],
  'faults: browsers': ['test/faults/{browser-faults,chromium,deploy-faults}.test.ts'],
  'log-stream: MongoDB': ['packages/log-stream/test/{contract,mongo-*}.test.ts'],
  'log-stream': ['packages/log-stream/test/**/*.test.ts'],
  'deploy: balancers': ['test/balancers/**/*.test.ts'],
  operations: ['test/operations/**/*.test.ts'],
  'sse-client in Chromium': ['packages/sse-client/test/browser/**/*.test.ts'],
  upstreams: ['test/upstreams/**/*.test.ts'],
  'sse-redis': ['packages/sse-redis/test/**/*.test.ts'],
  'browsers: Chromium': ['test/e2e/browsers/chromium.test.ts'],
  'faults: many at once': ['test/faults/**/*.test.ts'],
  scale: ['test/{scale,drill}/**/*.test.ts'],
  'set-up': ['test/setup/setup.test.ts'],
  'sse-proxy a-f': ['packages/sse-proxy/test/**/*.test.ts'],
  'bench: runs': ['test/bench/smoke.test.ts'],
  'sse-client': ['packages/sse-client/test/**/*.test.ts'],
  'other tests': ['test/**/*.test.ts'],
  'other packages': ['packages/*/test/**/*.test.ts'],
};

/**
 * What `npm test` leaves out unless CI=true or `--all`: these take long, and only a change of deployment, packaging,
 * tools, looks or of what depends on the browser is likely to break them.
 */
export const slowGroups = new Set([
  'viewer: accessibility',
  'browsers: WebKit',
  'browsers: Firefox',
  'deploy: balancers',
  'packed tarballs',
  'bench: runs',
  'faults: many at once',
  'set-up',
  'scale',
]);

/** Group name → its files. @param {string} root */
export function filesByGroup(root) {
  const taken = new Set();
  return new Map(
    Object.entries(groups).map(([name, globs]) => {
      const files = globSync(globs, { cwd: root, exclude: ['**/node_modules/**'] })
        .filter((file) => !taken.has(file))
        .sort();
      for (const file of files) taken.add(file);
      return [name, files];
    }),
  );
}
