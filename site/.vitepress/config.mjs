// The site: the repository's own Markdown files, which build.mjs has copied to the places that navigation.mjs gives
// them.
import { statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { navigation, pages, placeOf, repository } from '../navigation.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The address of a page on the site, without `.md`. */
const addressOf = (page) =>
  `/${placeOf(page)
    .replace(/(^|\/)index\.md$/, '$1')
    .replace(/\.md$/, '')}`;

/**
 * What a link of a page leads to: a page of the site stays a link to it, everything else is a file of the repository.
 */
function resolve(href, page) {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path, anchor] = href.split('#');
  const target = normalize(join(dirname(page), decodeURI(path)))
    .replaceAll('\\', '/')
    .replace(/\/$/, '');
  const suffix = anchor ? `#${anchor}` : '';
  if (pages.includes(target)) return `/${placeOf(target)}${suffix}`;
  const kind = statSync(join(root, target)).isDirectory() ? 'tree' : 'blob';
  return `${repository}/${kind}/main/${target}${suffix}`;
}

/** Lets every link pass `resolve()` before VitePress checks it. */
function repositoryLinks(md) {
  md.core.ruler.push('repository-links', (state) => {
    const page = state.env.relativePath && sourceOf.get(state.env.relativePath);
    for (const token of state.tokens.flatMap((block) => block.children ?? [])) {
      if (page && token.type === 'link_open') token.attrSet('href', resolve(token.attrGet('href'), page));
    }
  });
}

const sourceOf = new Map(pages.map((page) => [placeOf(page), page]));

/** The index for language models: https://llmstxt.org. */
function llmsTxt() {
  const sections = Object.entries(navigation).map(([task, entries]) => {
    const address = (page) => addressOf(page).replace(/[^/]$/, '$&.html');
    const lines = entries.map(([page, title, about]) => `- [${title}](${address(page)}): ${about}`);
    return `## ${task}\n\n${lines.join('\n')}\n`;
  });
  return `# Datashop SSE\n\n> Server-Sent Events through a same-origin route: proxy, browser client, log service.\n\n${sections.join('\n')}`;
}

/** GitHub's anchors, so that a link works in both places. */
const slugify = (title) =>
  title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');

export default {
  title: 'Datashop SSE',
  description: 'Server-Sent Events through a same-origin route: proxy, browser client, log service',
  srcDir: 'pages',
  outDir: join(root, 'site/dist'),
  cacheDir: join(root, 'site/.cache'),
  ignoreDeadLinks: 'localhostLinks',
  markdown: { config: repositoryLinks, anchor: { slugify } },
  vite: { publicDir: false, build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: Object.entries(navigation).map(([text, entries], index) => ({
      text,
      collapsed: index > 3,
      items: entries.map(([page, title]) => ({ text: title, link: addressOf(page) })),
    })),
    socialLinks: [{ icon: 'github', link: repository }],
  },
  buildEnd: ({ outDir }) => writeFileSync(join(outDir, 'llms.txt'), llmsTxt()),
};
