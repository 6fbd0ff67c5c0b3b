const digits = /^\d+$/;
const timeLike = /^[\d:.TZ+-]+$/;

/**
 * Compares two ids whose form has an order: whole numbers of any length, and times or `<ms>-<n>` of equal length.
 * Returns a number below, equal to or above 0, or undefined where there is no order.
 */
export function compareIds(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (digits.test(a) && digits.test(b)) {
    const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
    return x.length - y.length || compareText(x, y);
  }
  if (a.length === b.length && timeLike.test(a) && timeLike.test(b)) return compareText(a, b);
  return undefined;
}

const compareText = (a: string, b: string) => (a < b ? -1 : Number(a > b));
