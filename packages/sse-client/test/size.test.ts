import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { clientSizes, sizeTable } from '../../../scripts/client-size.mjs';

const maxCoreBytes = 7_168;
/** How much the README may differ: other versions of the bundler and of zlib give other sizes. */
const tolerance = 0.02;

const cells = (table: string) =>
  table
    .split('\n')
    .slice(2)
    .map((row) => row.split(' | '));
const toNumber = (text: string) => Number(text.replaceAll(' ', ''));

describe('the size of the client’s build', () => {
  let sizes: Awaited<ReturnType<typeof clientSizes>>;

  before(async () => {
    sizes = await clientSizes();
  });

  it(`the core of the client is at most ${maxCoreBytes} bytes, minified and gzipped, without its parser`, () => {
    const { core, rows } = sizes;
    // Everything that is loaded at once.
    expect(core.imports).to.deep.equal(['eventsource-parser']);
    expect(core.code).to.include('sse-proxy:').and.not.include('react');
    expect(rows[0]!.bytes).to.be.at.most(maxCoreBytes);
  });

  it("the client's README says within 2 % what each part costs, as node scripts/client-size.mjs prints it", () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const measured = sizeTable(sizes.rows);
    const [head] = measured.split('\n');
    const stated = cells(readme.slice(readme.indexOf(head!)).split('\n\n')[0]!);
    expect(stated.map(([part, , loaded]) => [part, loaded])).to.deep.equal(
      cells(measured).map(([part, , loaded]) => [part, loaded]),
    );
    for (const [index, { part, bytes }] of sizes.rows.entries())
      expect(toNumber(stated[index]![1]!), part).to.be.closeTo(bytes, bytes * tolerance);
  });
});
