import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import { inRepository } from '../../../test/operations/support/promtool.ts';
import { bffVariables, deployed, yaml } from './support/files.ts';

const page = readFileSync(inRepository('docs/deploy.md'), 'utf8');

describe('docs/deploy.md', () => {
  it('docs/deploy.md lists the variables that the BFF reads', () => {
    const [, section = ''] = page.split('The BFF:\n');
    const rows =
      section
        .split('The log service:')[0]
        ?.split('\n')
        .filter((line) => line.startsWith('| `')) ?? [];
    const listed = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
    );
    expect(listed.sort()).to.deep.equal([...bffVariables()].sort());
  });

  it('docs/deploy.md names the times that the files have', () => {
    const [bff] = yaml<IDeployment>('kubernetes/bff.yaml');
    expect(page).to.include(
      `\`terminationGracePeriodSeconds: ${bff?.spec?.template.spec?.terminationGracePeriodSeconds}\``,
    );
    const unit = readFileSync(deployed('systemd/datashop-bff@.service'), 'utf8');
    expect(page).to.include(`\`${/^TimeoutStopSec=.*$/m.exec(unit)?.[0]}\``);
    const compose = readFileSync(deployed('compose/compose.yaml'), 'utf8');
    expect(page).to.include(`\`${/stop_grace_period: \w+/.exec(compose)?.[0]}\``);
  });

  it('docs/deploy.md links to files that exist', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link as string);
    expect(links.length).to.be.greaterThan(8);
    expect(links.filter((link) => !existsSync(inRepository(`docs/${link}`)))).to.deep.equal([]);
  });
});
