import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateWorkflow } from '@action-validator/core';
import { expect } from 'chai';
import { parse } from 'yaml';
import { root } from '../packages/support/run.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const workflows = globSync('.github/workflows/*.yml', { cwd: root });
const { scripts } = JSON.parse(read('package.json'));

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<
    string,
    { readonly steps?: Step[]; readonly 'timeout-minutes'?: number; readonly uses?: string }
  >;
}

describe('the workflows of GitHub Actions', () => {
  for (const file of workflows) {
    const text = read(file);
    const { permissions, jobs } = parse(text) as Workflow;
    const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

    it(`${file} is a valid workflow whose default permission is to read, and each of its jobs has a time limit`, () => {
      expect(validateWorkflow(text).errors).to.deep.equal([]);
      expect(permissions).to.deep.equal({ contents: 'read' });
      const endless = Object.entries(jobs).filter(([, job]) => !job.uses && !job['timeout-minutes']);
      expect(endless.map(([name]) => name)).to.deep.equal([]);
    });

    it(`${file} uses GitHub's own actions, each by its major version`, () => {
      for (const { uses } of steps.filter((step) => step.uses)) expect(uses).to.match(/^actions\/[\w-]+@v\d+$/);
    });

    it(`${file} runs scripts and files that exist`, () => {
      const commands = steps.flatMap((step) => step.run?.split('\n') ?? []);
      const named = (pattern: RegExp) =>
        commands.flatMap((line) => [...line.matchAll(pattern)].map(([, name]) => name));
      for (const name of named(/npm run ([\w:]+)/g)) expect(scripts).to.have.property(String(name));
      for (const path of named(/(?<=^|\s)((?:scripts|packages|\.ci)\/\S+)/g))
        expect(globSync(String(path), { cwd: root })).to.not.be.empty;
    });
  }

  it('the forms for issues, and what Dependabot reads, are YAML with the fields that GitHub requires', () => {
    for (const form of ['bug', 'feature']) {
      const { name, description, body } = parse(read(`.github/ISSUE_TEMPLATE/${form}.yml`));
      expect({ name, description }).to.not.include({ name: undefined, description: undefined });
      const fields = body.filter((field: { type: string }) => field.type !== 'markdown');
      for (const field of fields) expect(field).to.include.keys('type', 'id', 'attributes');
    }
    const { version, updates } = parse(read('.github/dependabot.yml'));
    expect(version).to.equal(2);
    for (const { directory } of updates) expect(globSync(`.${directory}/*`, { cwd: root }), directory).to.not.be.empty;
  });
});
