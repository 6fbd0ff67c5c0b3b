/**
 * A copy of a frame without its id lines if `cutsIds`, and with every `retry:` clamped to `maxRetryMs`. For the few
 * frames that must not reach a browser as they are.
 */
export function editFrame(frame: Buffer, cutsIds: boolean, { maxRetryMs }: { readonly maxRetryMs: number }): Buffer {
  let edited = '';
  for (const line of frame.toString('latin1').match(/[^\r\n]*(?:\r\n|\r|\n)/g) ?? []) {
    if (cutsIds && /^id[:\r\n]/.test(line)) continue;
    const [, digits] = /^retry: ?([0-9]+)[\r\n]/.exec(line) ?? [];
    edited += digits !== undefined && Number(digits) > maxRetryMs ? line.replace(digits, String(maxRetryMs)) : line;
  }
  return Buffer.from(edited, 'latin1');
}
