// How `lerna version` reads this repository's commits: a subject is `package: what changes` (CONTRIBUTING.md), and a body
// may have a paragraph that starts with `BREAKING CHANGE:`. Only commits of published packages get into a CHANGELOG.md.
import { readdirSync } from 'node:fs';
import angular from 'conventional-changelog-angular';

const published = new Set(readdirSync(new URL('../../packages/', import.meta.url)));

/** The section of a changelog that a commit belongs to, by the verb that its subject starts with. */
export function sectionOf(subject) {
  if (/^add\b/i.test(subject)) return 'Added';
  if (/^(remove|delete|drop)\b/i.test(subject)) return 'Removed';
  if (/^(fix|correct|prevent|stop)\b/i.test(subject)) return 'Fixed';
  return 'Changed';
}

/** The published packages that a subject names before its colon, such as `sse-proxy, sse-redis`. */
const packagesOf = (scope) => (scope ?? '').split(/, */).filter((name) => published.has(name));

/** What a changelog says about a commit; undefined if nothing. */
export function entryOf(commit, context) {
  const packages = packagesOf(commit.scope);
  if (packages.length === 0) return undefined;
  // The angular preset formats links and references, but knows only its own types.
  const formatted = angular().writer.transform({ ...commit, type: 'feat' }, context);
  return { ...formatted, type: sectionOf(commit.subject), scope: packages.join(', ') };
}

/** Index into major, minor, patch. Below 1.0.0, lerna makes a minor version of a major one. */
export function whatBump(commits) {
  const entries = commits.filter((commit) => packagesOf(commit.scope).length > 0);
  const breaks = entries.filter((commit) => commit.notes.length > 0).length;
  const additions = entries.filter((commit) => sectionOf(commit.subject) === 'Added').length;
  const level = breaks > 0 ? 0 : additions > 0 ? 1 : 2;
  return { level, reason: `${breaks} breaking changes, ${additions} additions` };
}

export default function createPreset() {
  const { writer, ...preset } = angular();
  return {
    ...preset,
    parser: {
      headerPattern: /^([a-z0-9-]+(?:, [a-z0-9-]+)*): (.*)$/,
      headerCorrespondence: ['scope', 'subject'],
      noteKeywords: ['BREAKING CHANGE'],
    },
    writer: { ...writer, transform: entryOf },
    whatBump,
  };
}
