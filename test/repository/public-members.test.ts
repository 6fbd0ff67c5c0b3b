import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../packages/support/run.ts';
import { readPublicMembers } from './support/public-members.ts';

const site = join(root, 'site');

describe('public members', () => {
  it('every type, function and member that a package exports has a comment', () => {
    const { entryPoints } = JSON.parse(readFileSync(join(site, 'typedoc.json'), 'utf8')) as { entryPoints: string[] };
    const entries = entryPoints.map((entry) => join(site, entry));
    const { all, undocumented } = readPublicMembers(root, join(site, 'tsconfig.json'), entries);
    expect(all).to.have.length.above(800);
    expect(undocumented).to.deep.equal([]);
  });

  it('a missing comment is reported with file, line and name, also in base types and inline object types', () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'members-')));
    after(() => rmSync(folder, { recursive: true }));
    const tsconfig = join(folder, 'tsconfig.json');
    writeFileSync(tsconfig, '{ "compilerOptions": { "noLib": true, "types": [] } }');
    writeFileSync(join(folder, 'base.ts'), base);
    writeFileSync(join(folder, 'index.ts'), index);
    const { all, undocumented } = readPublicMembers(folder, tsconfig, [join(folder, 'index.ts')]);
    expect(undocumented).to.deep.equal([
      'base.ts:6 Also',
      'base.ts:2 Base.inherited',
      'index.ts:5 Options.hook',
      'index.ts:8 Options.hook.context.id',
      'index.ts:13 open',
      'index.ts:13 open.inline',
      'index.ts:22 Thing.method',
      'index.ts:25 Thing.accessor',
    ]);
    expect(all).to.include.members([
      'index.ts:4 Options',
      'index.ts:7 Options.hook.context',
      'base.ts:4 Base.overridden',
    ]);
    expect(all.join()).to.not.match(/hidden/i);
  });
});

const base = `export interface Base {
  inherited: 1;
  /** Has a comment. */
  overridden: 1;
}
export interface Also {}
export interface Hidden {
  hidden: 1;
}
`;

const index = `import type { Also, Base } from './base.ts';
export type { Also, Options as Renamed };
/** Has a comment. */
interface Options extends Base, Also {
  hook?: (value: {
    /** Has a comment. */
    context: {
      id: 1;
    };
  }) => void;
  overridden: 1;
}
export function open(options: Options & { overridden: 1; inline: 1 }): void;
export function open(options: { hidden: 1 }): void {}
/** Has a comment. */
export class Thing {
  #hidden = 1;
  private hidden = 1;
  protected alsoHidden = 1;
  /** @internal */
  hiddenMember = 1;
  method(): void {
    const value: { hidden: 1 } = { hidden: 1 };
  }
  get accessor() {
    return 1;
  }
}
`;
