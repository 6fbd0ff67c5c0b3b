import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { compress } from './build/compress.ts';
import { designSystem } from './build/design-system.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: path('web'),
  plugins: [designSystem(), compress()],
  build: {
    outDir: path('dist'),
    emptyOutDir: true,
    // The policy allows neither `font-src data:` nor inline scripts: every asset is a file of this origin.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
    rolldownOptions: { checks: { moduleLevelDirective: false, pluginTimings: false } },
  },
});
