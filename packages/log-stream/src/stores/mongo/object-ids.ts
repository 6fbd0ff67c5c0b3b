/**
 * An ObjectId as 24 lower-case hexadecimal digits: 8 for the writer's second, then those that distinguish writers and
 * documents.
 */
export type Hex = string;

/** An ObjectId has whole seconds. */
export const secondMs = 1_000;

const syntax = /^[0-9a-f]{24}$/;
const maxSeconds = 0xffff_ffff;

/** Before every ObjectId. */
export const lowest: Hex = '0'.repeat(24);

export function isHex(text: string): boolean {
  return syntax.test(text);
}

/** When the ObjectId's second began, in milliseconds since 1970 by the writer's clock. */
export function timeOf(hex: Hex): number {
  return Number.parseInt(hex.slice(0, 8), 16) * secondMs;
}

/** The lowest ObjectId of the second that contains `ms`. */
export function floorOf(ms: number): Hex {
  return `${secondsOf(ms)}${'0'.repeat(16)}`;
}

/** The highest ObjectId of the second that contains `ms`. */
export function ceilingOf(ms: number): Hex {
  return `${secondsOf(ms)}${'f'.repeat(16)}`;
}

/** The ObjectId directly before another one. */
export function predecessorOf(hex: Hex): Hex {
  return hex === lowest ? lowest : (BigInt(`0x${hex}`) - 1n).toString(16).padStart(24, '0');
}

function secondsOf(ms: number): string {
  const seconds = Math.min(maxSeconds, Math.max(0, Math.floor(ms / secondMs)));
  return seconds.toString(16).padStart(8, '0');
}
