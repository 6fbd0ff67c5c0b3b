import type { Page } from 'playwright-core';

/** A picture of a page. */
export interface Frame {
  width: number;
  height: number;
  /** Four bytes a pixel. */
  rgba: Uint8Array;
  /** How long it was on the screen, in milliseconds. */
  shownMs: number;
}

/** Shorter changes are not recorded, in milliseconds. */
const minShownMs = 100;

/** Records what the page shows while `play` runs. */
export async function recordPage(page: Page, play: () => Promise<void>): Promise<Frame[]> {
  const session = await page.context().newCDPSession(page);
  const shots: { png: string; at: number }[] = [];
  session.on('Page.screencastFrame', ({ data, sessionId, metadata }) => {
    shots.push({ png: data, at: (metadata.timestamp ?? 0) * 1_000 });
    void session.send('Page.screencastFrameAck', { sessionId });
  });
  await session.send('Page.startScreencast', { format: 'png' });
  const beganAt = Date.now();
  await play();
  await session.send('Page.stopScreencast');
  const endAt = Date.now();

  const kept = shots.filter(({ at }, index) => (shots[index + 1]?.at ?? endAt) - at >= minShownMs);
  const frames: Frame[] = [];
  for (const [index, { png, at }] of kept.entries()) {
    const from = index === 0 ? beganAt : at;
    frames.push({ ...(await decode(page, png)), shownMs: (kept[index + 1]?.at ?? endAt) - from });
  }
  return frames;
}

/** Decodes a PNG. The browser can, and Node.js has no decoder. */
async function decode(page: Page, png: string): Promise<Omit<Frame, 'shownMs'>> {
  const { width, height, pixels } = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let pixels = '';
    const pieceBytes = 32_768;
    for (let at = 0; at < data.length; at += pieceBytes) {
      pixels += String.fromCharCode(...data.subarray(at, at + pieceBytes));
    }
    return { width, height, pixels: btoa(pixels) };
  }, png);
  return { width, height, rgba: Buffer.from(pixels, 'base64') };
}
