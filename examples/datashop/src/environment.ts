/** What start.ts hands to a child; missing only if someone starts the child by hand. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`The environment variable ${name} is missing; start the example with start.ts`);
  return value;
}

/** @throws if it is set and is no whole number of milliseconds. */
export function milliseconds(name: string, fallback: number): number {
  const value = process.env[name];
  if (value === undefined || value === '') return fallback;
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} must be milliseconds, not ${JSON.stringify(value)}`);
  return Number(value);
}
