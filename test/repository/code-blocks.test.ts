import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root, runTool } from '../packages/support/run.ts';
import { codeBlocks, moduleOf } from './support/code-blocks.ts';

describe('the code blocks of the docs', () => {
  it('every ts, tsx and js block of a README or page type-checks, against the built packages', async () => {
    const folder = join(root, 'node_modules/.cache/code-blocks');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const blocks = codeBlocks('ts', 'tsx', 'js');
    const files = blocks.map((block) => {
      const name = `${block.page.replaceAll(/\W+/g, '-')}-line-${block.line}`;
      const file = `${name}.${block.language === 'tsx' ? 'tsx' : 'ts'}`;
      writeFileSync(join(folder, file), moduleOf(block));
      return file;
    });
    const compilerOptions = {
      noEmit: true,
      composite: false,
      incremental: false,
      declaration: false,
      noImplicitAny: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      exactOptionalPropertyTypes: false,
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      isolatedModules: false,
      lib: ['es2024', 'dom', 'dom.iterable'],
      jsx: 'react-jsx',
    };
    const preludes = ['prelude', 'frameworks'].map((name) => join(root, `test/repository/support/${name}.d.ts`));
    const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions, files: [...files, ...preludes] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    expect(blocks.length).to.be.greaterThan(40);
    await runTool(folder, 'typescript/bin/tsc', '--project', '.');
  });

  it('every sh block of a README or page names scripts and files of the repository that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const { page, line, code } of codeBlocks('sh')) {
      const where = `${page}:${line}`;
      for (const [, name] of code.matchAll(/npm run (?:--silent )?([\w:-]+)/g))
        expect(scripts, where).to.have.property(String(name));
      for (const [, path = ''] of code.matchAll(
        /(?:node|mocha|docker compose -f) '?((?:packages|examples|scripts|test|\.ci)\/[^\s']+)/g,
      )) {
        expect(globSync(path, { cwd: root }), `${path} in ${where}`).to.not.be.empty;
      }
    }
  });

  it('every json block of a README or page is JSON', () => {
    for (const { page, line, code } of codeBlocks('json')) {
      expect(() => JSON.parse(code), `${page}:${line}`).to.not.throw();
    }
  });
});
