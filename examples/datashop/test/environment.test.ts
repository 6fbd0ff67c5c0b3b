import { expect } from 'chai';
import { choice, count, list, milliseconds, secret } from '../src/environment.ts';

const name = 'DATASHOP_TEST_VARIABLE';

describe('environment variables of Datashop', () => {
  afterEach(() => {
    delete process.env[name];
  });

  const read: [kind: string, read: () => unknown, text: string | undefined, expected: unknown][] = [
    ['choice', () => choice(name, 'info', 'debug'), undefined, 'info'],
    ['choice', () => choice(name, 'info', 'debug'), '', 'info'],
    ['choice', () => choice(name, 'info', 'debug'), 'debug', 'debug'],
    ['count', () => count(name, 10), '25', 25],
    ['list', () => list(name), 'a, b', ['a', 'b']],
    ['milliseconds', () => milliseconds(name, 1_000), '0', 0],
    ['secret', () => secret(name), 'k3y', 'k3y'],
  ];
  for (const [kind, call, text, expected] of read) {
    it(`${kind} reads ${JSON.stringify(text)} as ${JSON.stringify(expected)}`, () => {
      if (text !== undefined) process.env[name] = text;
      expect(call()).to.deep.equal(expected);
    });
  }

  const wrong: [kind: string, read: () => unknown, text: string, message: string][] = [
    ['choice', () => choice(name, 'info', 'debug'), 'DEBUG', `${name} must be info or debug, not "DEBUG"`],
    ['count', () => count(name, 10), '0', `${name} must be a number from 1 to 9999, not "0"`],
    ['milliseconds', () => milliseconds(name, 1_000), '1s', `${name} must be milliseconds, not "1s"`],
    ['secret', () => secret(name), 'Example-token', `${name} is the value of an example file: make a random one`],
    ['secret', () => secret(name), '', `The environment variable ${name} is missing`],
  ];
  for (const [kind, call, text, message] of wrong) {
    it(`${kind} refuses ${JSON.stringify(text)}, and says what was expected and what arrived`, () => {
      process.env[name] = text;
      expect(call).to.throw(message);
    });
  }
});
