import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { designSystem } from '../build/design-system.ts';

const umdPath = createRequire(import.meta.url).resolve('@innovaccer/design-system/dist/index.umd.js');

describe('the build of the design system', () => {
  let bundle: string;

  before(async () => {
    bundle = await readFile(umdPath, 'utf8');
  });

  /** What the build makes of a file, as Vite asks for it. */
  function build(code: string, id = umdPath): string | undefined {
    const { transform } = designSystem() as unknown as {
      transform(this: { error(message: string): never }, code: string, id: string): { code: string } | undefined;
    };
    const error = (message: string) => {
      throw new Error(message);
    };
    return transform.call({ error }, code, id)?.code;
  }

  it('leaves no <style> element to be made but in a function that nothing calls', () => {
    const mended = build(bundle)!;

    expect(mended).to.not.match(/createElement\("style",null/);
    expect(mended.match(/styleInject\(/g)).to.have.length(1);
    expect(mended).to.contain('function styleInject(');
  });

  it('hides the names of icons, and leaves those that can be clicked what they are', () => {
    expect(build(bundle)).to.contain('i.onClick?i:{"aria-hidden":true}');
  });

  it('is still a script', () => {
    expect(() => new Function(build(bundle)!)).to.not.throw();
  });

  it('fails if a place is gone, and if it is there twice', () => {
    expect(() => build(bundle.replace('styleInject(css_248z)', 'inject(css)'))).to.throw(
      '"styleInject(css_248z)" was expected once in the design system, and is there 0 times',
    );
    expect(() => build(`${bundle};styleInject(css_248z)`)).to.throw('is there 2 times');
    expect(() => build(bundle.replace('function(exports,React,ReactDOM){', '(e,r,d)=>{'))).to.throw(
      'no longer the UMD',
    );
  });

  it('touches nothing else', () => {
    expect(build('styleInject(css_248z)', '/other.js')).to.equal(undefined);
  });
});
