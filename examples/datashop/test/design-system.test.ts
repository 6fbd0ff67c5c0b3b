import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { parseAst } from 'vite';
import { designSystem } from '../build/design-system.ts';

const modulePath = createRequire(import.meta.url).resolve('@innovaccer/design-system/dist/esm/index.js');

describe('the build of the design system', () => {
  let original: string;

  before(async () => {
    original = await readFile(modulePath, 'utf8');
  });

  /** Transforms a file as Vite does. */
  function build(code: string, id = modulePath): string | undefined {
    const { transform } = designSystem() as unknown as {
      transform(this: { error(message: string): never }, code: string, id: string): { code: string } | undefined;
    };
    const error = (message: string) => {
      throw new Error(message);
    };
    return transform.call({ error }, code, id)?.code;
  }

  it('the built design system makes no <style> elements, hides the names of icons that can’t be clicked, and has plain class names', () => {
    const mended = build(original)!;

    expect(() => parseAst(mended)).to.not.throw();
    expect(mended).to.not.match(/createElement\("style"|createElement\('style'|styleInject/);
    expect(mended).to.contain('accessibilityProps.onClick ? accessibilityProps : { "aria-hidden": true }');
    expect(mended).to.contain('{"Button":"Button",');
  });

  it('the build leaves out components that the page does not use, and what only they need', () => {
    const mended = build(original)!;

    expect(mended).to.match(/^var Button = /m);
    expect(mended).to.not.match(/^var (Calendar|Sidesheet|Chat) = |@lottiefiles/m);
    expect(mended.length).to.be.below(original.length / 2);
  });

  it('the build of the design system fails if a replaced text does not occur exactly once', () => {
    const text = 'React.createElement("style", null, keyframe)';
    expect(() => build(original.replace(text, 'null'))).to.throw(`Expected "${text}" exactly once`);
    expect(() => build(`${original};${text};`)).to.throw('found it 2 times');
  });

  it('the build of the design system fails if a class name with a hash or an injected sheet is left', () => {
    expect(() => build(`${original}\nstyleInject(sheet);`)).to.throw('no injected style sheet');
    expect(() => build(`${original}\nvar more = {"Badge":"badge-module-Other-axSjP-4-4-0"};`)).to.throw('with a hash');
  });

  it('the build of the design system does not transform other files', () => {
    expect(build('styleInject(css_248z)', '/other.js')).to.equal(undefined);
  });
});
