import { expect } from 'chai';
import type { NeedName } from '../../../scripts/needs.mjs';
import { skip, skipWithout } from '../../support/needs.ts';
import type { Figures, Mode } from './scene.ts';

/** One row of the fault table: what is done, and what it comes to. */
export interface Row {
  readonly row: number | string;
  readonly fault: string;
  readonly modes: readonly Mode[];
  /** Why it can be run on Linux only, if so. */
  readonly linux?: string;
  /** What has to be installed for it. */
  readonly needs?: NeedName;
  run(mode: Mode): Promise<Figures>;
}

export const both: readonly Mode[] = ['dedicated', 'shared'];

/** One test per mode of the row: nothing lost, doubled, mangled or left behind, and whatever `check` asks for. */
export function proves(row: Row, promise: string, check: (figures: Figures, mode: Mode) => void = () => {}): void {
  for (const mode of row.modes) {
    it(`${row.row}. ${row.fault}: ${promise} (${mode})`, async function () {
      if (row.linux && process.platform !== 'linux') skip(this, `needs Linux: ${row.linux}`);
      if (row.needs) skipWithout(this, row.needs);
      const figures = await row.run(mode);
      const { lost, doubled, reordered, mangled } = figures;
      expect({ lost, doubled, reordered, mangled }).to.deep.equal({ lost: 0, doubled: 0, reordered: 0, mangled: 0 });
      expect(figures.delivered, 'delivered').to.be.above(0);
      expect(figures.fdsAfter, 'descriptors after').to.be.at.most(figures.fdsBefore);
      check(figures, mode);
    });
  }
}

/** The browser noticed nothing but a pause. */
export function unnoticed({ cuts, gaps, refusals }: Figures): void {
  expect({ cuts, gaps, refusals }).to.deep.equal({ cuts: 0, gaps: [], refusals: [] });
}
