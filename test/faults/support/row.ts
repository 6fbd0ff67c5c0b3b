import { expect } from 'chai';
import type { NeedName } from '../../../scripts/needs.mjs';
import { skip, skipWithout } from '../../support/needs.ts';
import type { Figures, Mode } from './scene.ts';

/** One row of the fault table: what goes wrong, and how to run it. */
export interface Row {
  /** Where the contract asks for it, such as `[row 26]`. */
  readonly cites?: string;
  /** Its name in the report. @defaultValue the number in `cites` */
  readonly label?: string;
  readonly fault: string;
  readonly modes: readonly Mode[];
  /** Why it runs on Linux only, if so. */
  readonly linux?: string;
  /** What has to be installed for it. */
  readonly needs?: NeedName;
  run(mode: Mode): Promise<Figures>;
}

/** The row's name in the report. */
export function labelOf({ cites, label }: Row): string {
  return label ?? cites?.replace(/\[row (.*)\]/, '$1') ?? '';
}

export const both: readonly Mode[] = ['dedicated', 'shared'];

/** Defines one test per mode: nothing is lost, doubled, reordered, mangled or left behind, and `check` passes. */
export function proves(row: Row, promise: string, check: (figures: Figures, mode: Mode) => void = () => {}): void {
  for (const mode of row.modes) {
    it(`${row.fault}: ${promise} (${mode})${row.cites ? ` ${row.cites}` : ''}`, async function () {
      // Some rows take minutes on a machine that is busy with the other groups of tests.
      this.timeout(600_000);
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

/** Expects that no browser noticed more than a pause. */
export function unnoticed({ cuts, gaps, refusals }: Figures): void {
  expect({ cuts, gaps, refusals }).to.deep.equal({ cuts: 0, gaps: [], refusals: [] });
}
