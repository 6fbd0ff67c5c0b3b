import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Result {
  violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
}

let source: Promise<string> | undefined;

/** Violations that axe finds on the page in its present state. evaluate() is not subject to the page's policy. */
export async function axeViolations(page: Page): Promise<string[]> {
  source ??= readFile(axePath, 'utf8');
  const text = await source;
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(text);
  // Wait for running transitions: an intermediate colour has another contrast.
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
  const { violations } = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as Result;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.replace(/\s+/g, ' ')}`),
  );
}
