import type { Parsed, StreamParser } from '../event-parser.ts';
import { check, isObjectOf } from '../options.ts';
import type { ReceivedEvent } from '../received.ts';
import type { DataParser, EventErrorCode, EventParser, ParseRules, RuleValues, StandardSchema } from '../types.ts';

// ArkType's schemas are functions.
const isSchema = (rule: unknown): rule is StandardSchema<unknown> => '~standard' in Object(rule);
const isParser = (rule: unknown): rule is DataParser => typeof rule === 'function' || isSchema(rule);

/**
 * Creates the option `parse`, which returns the `value` of each event: by a function of its data, by a Standard Schema
 * (Zod, Valibot, ArkType and others) for its JSON, or by an object with one of these for each event type. An event that
 * is rejected becomes an entry with an `error`.
 *
 * @throws TypeError for anything else
 * @example
 * ```ts
 * createEventStream('/sse/logs/stream', { parse: parseWith({ log: LogSchema, progress: (data) => Number(data) }) });
 * ```
 */
export function parseWith<Rules extends ParseRules>(rules: Rules): EventParser<RuleValues<Rules>> {
  check('parse', rules, [
    'a function, a Standard Schema, or an object of these',
    () => isParser(rules) || isObjectOf(rules, isParser),
  ]);
  const parser: StreamParser & EventParser<RuleValues<Rules>> = {
    option: 'parse',
    read: (event) => read(rules, event),
  };
  return parser;
}

function read(rules: ParseRules, { id, event, data }: ReceivedEvent): Parsed {
  const parser = isParser(rules) ? rules : Object.hasOwn(rules, event) && rules[event];
  if (!parser) return rejected('UNKNOWN_EVENT', `The option parse has no parser for ${event} events`);
  try {
    const made = isSchema(parser) ? parser['~standard'].validate(JSON.parse(data)) : parser(data, { id, event });
    const { then } = Object(made);
    if (typeof then === 'function') {
      // A rejection of the promise must not become an uncaught error.
      then.call(made, undefined, () => {});
      return rejected('ASYNC_PARSE', 'The option parse returned a promise; it has to be synchronous');
    }
    if (!isSchema(parser)) return { value: made };
    const { issues, value } = made as { issues?: readonly { message: string }[]; value?: unknown };
    return issues ? rejected('SCHEMA', issues[0]?.message ?? 'The data does not fit the schema', issues) : { value };
  } catch (cause) {
    return rejected('PARSE', String(cause), cause);
  }
}

function rejected(code: EventErrorCode, message: string, cause?: unknown): Parsed {
  return { error: { code, message, ...(cause !== undefined && { cause }) } };
}
