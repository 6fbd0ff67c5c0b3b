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
    // The policy knows no `font-src data:`, and no inline script: everything is a file of this origin.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    // The design system is one file; splitting it would only cost a round trip.
    chunkSizeWarningLimit: 1_200,
    reportCompressedSize: false,
    // The design system brings a player whose expressions would need eval. Nothing here plays them, and the policy forbids it.
    rolldownOptions: { checks: { eval: false, pluginTimings: false } },
  },
});
