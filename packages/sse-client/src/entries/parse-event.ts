import type { EventError, EventErrorCode, Parse, Parser, SchemaResult } from '../types.ts';

/** What becomes of an event's data: a value, or the reason why there is none. */
export type Parsed = { readonly value: unknown } | { readonly error: EventError };

function rejected(code: EventErrorCode, message: string, cause?: unknown): Parsed {
  return { error: { code, message, ...(cause !== undefined && { cause }) } };
}

/** Never throws. Without `parse` the value is the data. */
export function parseEvent(
  parse: Parse | undefined,
  { id, event, data }: { id: string; event: string; data: string },
): Parsed {
  if (!parse) return { value: data };
  const isOne = typeof parse === 'function' || '~standard' in parse;
  const parser = isOne ? (parse as Parser<unknown>) : Object.hasOwn(parse, event) && parse[event];
  if (!parser) return rejected('UNKNOWN_EVENT', `The option parse has no parser for ${event} events`);
  try {
    const isSchema = '~standard' in parser;
    const made = isSchema ? parser['~standard'].validate(JSON.parse(data)) : parser(data, { id, event });
    const { then } = Object(made);
    if (typeof then === 'function') {
      // Nobody else handles its rejection.
      then.call(made, undefined, () => {});
      return rejected('ASYNC_PARSE', 'The option parse returned a promise; it has to be synchronous');
    }
    if (!isSchema) return { value: made };
    const { issues, value } = made as Partial<SchemaResult<unknown>> & { value?: unknown };
    return issues ? rejected('SCHEMA', issues[0]?.message ?? 'The data does not fit the schema', issues) : { value };
  } catch (cause) {
    return rejected('PARSE', String(cause), cause);
  }
}
