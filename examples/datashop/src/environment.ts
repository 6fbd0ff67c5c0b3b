/** Reads a variable that start.ts sets. @throws if it is missing or empty */
export function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(
      `The environment variable ${name} is missing: see docs/deploy.md, or start the example with start.ts`,
    );
  return value;
}

/** Reads a secret. @throws if it is missing or empty, or still the value of an example file */
export function secret(name: string): string {
  const value = required(name);
  if (/example/i.test(value)) throw new Error(`${name} is the value of an example file: make a random one`);
  return value;
}

/** Reads milliseconds. @throws if the variable is set to anything but a whole number */
export function milliseconds(name: string, fallback: number): number {
  const value = process.env[name];
  if (value === undefined || value === '') return fallback;
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} must be milliseconds, not ${JSON.stringify(value)}`);
  return Number(value);
}

/** Reads a number of streams. @throws if the variable is set to anything but a whole number above 0 */
export function count(name: string, fallback: number): number {
  const value = process.env[name];
  if (value === undefined || value === '') return fallback;
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new Error(`${name} must be a number from 1 to 9999, not ${JSON.stringify(value)}`);
  return Number(value);
}

/** Reads one of `choices`; the first one if the variable is missing or empty. @throws if it is another */
export function choice<T extends string>(name: string, ...choices: [T, ...T[]]): T {
  const value = process.env[name] || choices[0];
  const known = choices.find((one) => one === value);
  if (known === undefined) throw new Error(`${name} must be ${choices.join(' or ')}, not ${JSON.stringify(value)}`);
  return known;
}

/** Reads a list separated by commas; undefined if the variable is missing or empty. */
export function list(name: string): string[] | undefined {
  const values = (process.env[name] ?? '').split(/[ ,]+/).filter(Boolean);
  return values.length > 0 ? values : undefined;
}
