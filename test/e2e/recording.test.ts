import { expect } from 'chai';
import { needs } from '../support/needs.ts';
import { encodeGif } from './support/gif.ts';
import { viewerBrowser } from './support/viewer-browser.ts';

/** The decoder of images, which the types of the DOM lack. */
interface Decoder {
  tracks: { ready: Promise<void>; selectedTrack: { frameCount: number } };
  decode(options: { frameIndex: number }): Promise<{ image: CanvasImageSource & { duration: number } }>;
}

const size = { width: 320, height: 200 };
/** Three of the bits of a number that repeats after 100,000 steps at the earliest, so that few sequences repeat. */
const noise = (at: number) => Math.imul(at ^ (at >>> 7), 2_654_435_761) >>> 29;

/** A picture of eight greys, in noise that no compression shortens. */
function picture(seed: number): Uint8Array {
  return Uint8Array.from({ length: size.width * size.height * 4 }, (_, at) =>
    at % 4 === 3 ? 255 : 30 * noise(seed + Math.floor(at / 4)),
  );
}

describe('the GIF of a recording', () => {
  needs('chromium');

  it('shows in Chromium exactly the pixels of each frame, for as long as it was shown', async () => {
    const frames = [picture(1), picture(1), picture(70_000)].map((rgba, index) => ({
      ...size,
      rgba,
      shownMs: 100 * (index + 1),
    }));
    // One pixel changes.
    frames[1]?.rgba.set([0, 30, 60], 4_000);
    const page = await (await viewerBrowser()).newPage();
    await page.route('http://localhost/', (route) => route.fulfill({ body: '', contentType: 'text/html' }));
    await page.goto('http://localhost/');
    const decoded = await page.evaluate(
      async ({ gif, width, height }) => {
        const data = Uint8Array.from(atob(gif), (letter) => letter.charCodeAt(0));
        const { ImageDecoder } = window as unknown as { ImageDecoder: new (init: object) => Decoder };
        const decoder = new ImageDecoder({ data, type: 'image/gif' });
        await decoder.tracks.ready;
        const context = new OffscreenCanvas(width, height).getContext('2d')!;
        const shown: { pixels: number[]; ms: number }[] = [];
        for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack.frameCount; frameIndex += 1) {
          const { image } = await decoder.decode({ frameIndex });
          context.drawImage(image, 0, 0);
          shown.push({ pixels: [...context.getImageData(0, 0, width, height).data], ms: image.duration / 1_000 });
        }
        return shown;
      },
      { gif: encodeGif(frames).toString('base64'), ...size },
    );
    await page.close();
    expect(decoded.map(({ ms }) => ms)).to.deep.equal([100, 200, 300]);
    for (const [index, { pixels }] of decoded.entries()) {
      expect(Buffer.from(pixels).equals(frames[index]!.rgba), `frame ${index}`).to.equal(true);
    }
  });

  it('has a rare colour although there are more colours than it takes', () => {
    const rgba = picture(1);
    // 200 similar greys, and one green pixel.
    for (let at = 0; at < 200; at += 1) rgba.fill(at, 4 * at, 4 * at + 3);
    rgba.set([46, 168, 67], 4_000);
    const gif = encodeGif([{ ...size, rgba, shownMs: 100 }]);
    expect(gif.subarray(13, 13 + 3 * 64).includes(Buffer.from([46, 168, 67]))).to.equal(true);
  });
});
