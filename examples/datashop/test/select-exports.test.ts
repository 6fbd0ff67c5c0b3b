import { expect } from 'chai';
import { selectExports } from '../build/select-exports.ts';

/** The lines that are left. */
const select = (code: string, ...names: string[]) => selectExports(code, names).trim().split('\n');

describe('selectExports', () => {
  it('selectExports keeps what the exports need, directly and indirectly, in the order of the module', () => {
    const code = 'import r, { s } from "r";\nvar a = () => b(r);\nfunction b() {}\nvar c = s;\nexport { a, c as d };';
    expect(select(code, 'a')).to.deep.equal([
      'import r, { s } from "r";',
      'var a = () => b(r);',
      'function b() {}',
      'export { a as a };',
    ]);
    expect(select(code, 'd')).to.deep.equal(['import r, { s } from "r";', 'var c = s;', 'export { c as d };']);
  });

  it('selectExports keeps properties that are added to something kept, also those that are found late, and no others', () => {
    const code = [
      'b.title = "b";',
      'var a = () => b;',
      'var b = {};',
      'var c = {};',
      'c.title = d();',
      '_defineProperty$1(b, "size", e);',
      '_defineProperty$1(c, "size", 2);',
      'c.parts.first = 1;',
      'var e = 1;',
      'function d() {}',
      'export { a, c };',
    ].join('\n');
    expect(select(code, 'a')).to.deep.equal([
      'b.title = "b";',
      'var a = () => b;',
      'var b = {};',
      '_defineProperty$1(b, "size", e);',
      'var e = 1;',
      'export { a as a };',
    ]);
  });

  it('selectExports keeps statements that may have other effects, and what they need', () => {
    const code =
      'window.ready = a();\nregister(b);\nfunction a() {}\nvar b = 1;\nvar c = 2;\nvar d = 3;\nexport { c, d };';
    expect(select(code, 'd')).to.deep.equal([
      'window.ready = a();',
      'register(b);',
      'function a() {}',
      'var b = 1;',
      'var d = 3;',
      'export { d as d };',
    ]);
  });

  it('selectExports throws if the module does not export a name', () => {
    expect(() => selectExports('var a = 1;\nexport { a };', ['a', 'b'])).to.throw('Expected the module to export b');
  });
});
