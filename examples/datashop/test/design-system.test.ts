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

  /** Transforms a file as Vite does. */
  function build(code: string, id = umdPath): string | undefined {
    const { transform } = designSystem() as unknown as {
      transform(this: { error(message: string): never }, code: string, id: string): { code: string } | undefined;
    };
    const error = (message: string) => {
      throw new Error(message);
    };
    return transform.call({ error }, code, id)?.code;
  }

  it('leaves code that makes <style> elements only in a function that nothing calls', () => {
    const mended = build(bundle)!;

    expect(mended).to.not.match(/createElement\("style",null/);
    expect(mended.match(/styleInject\(/g)).to.have.length(1);
    expect(mended).to.contain('function styleInject(');
  });

  it('hides the names of icons, except of those that can be clicked', () => {
    expect(build(bundle)).to.contain('i.onClick?i:{"aria-hidden":true}');
  });

  it('produces valid JavaScript', () => {
    expect(() => new Function(build(bundle)!)).to.not.throw();
  });

  it('fails if a replaced text does not occur exactly once', () => {
    expect(() => build(bundle.replace('styleInject(css_248z)', 'inject(css)'))).to.throw(
      'Expected "styleInject(css_248z)" exactly once in the design system\'s UMD bundle, found it 0 times',
    );
    expect(() => build(`${bundle};styleInject(css_248z)`)).to.throw('found it 2 times');
    expect(() => build(bundle.replace('function(exports,React,ReactDOM){', '(e,r,d)=>{'))).to.throw(
      'UMD bundle to contain',
    );
  });

  it('does not transform other files', () => {
    expect(build('styleInject(css_248z)', '/other.js')).to.equal(undefined);
  });
});
