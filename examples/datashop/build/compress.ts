import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { Plugin } from 'vite';

/** Text files; fonts are compressed already. */
const textFiles = /\.(js|css|svg)$/;

/** Brotli quality: 11 is hardly smaller and much slower. */
const quality = 9;

/** Writes a Brotli-compressed `.br` file beside each text asset, so that the server never compresses. */
export function compress(): Plugin {
  return {
    name: 'compress-assets',
    apply: 'build',
    writeBundle({ dir = '' }) {
      const assets = join(dir, 'assets');
      for (const name of readdirSync(assets)) {
        if (!textFiles.test(name)) continue;
        const file = join(assets, name);
        const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
        writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file), { params }));
      }
    },
  };
}
