/** The part of a Standard Schema (https://standardschema.dev) that is used here; Zod, Valibot and ArkType have it. */
export interface StandardSchema<Value> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Value> | Promise<SchemaResult<Value>>;
    readonly types?: { readonly input: unknown; readonly output: Value } | undefined;
  };
}

export type SchemaResult<Value> =
  | { readonly value: Value; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/**
 * Makes a value of an event's data: a function that returns it or throws, or a Standard Schema, which is given the data as
 * parsed JSON. Both have to be synchronous.
 */
export type Parser<Value> =
  | ((data: string, event: { readonly id: string; readonly event: string }) => Value)
  | StandardSchema<Value>;

/** A parser for all events, or one for each event type, such as `{ log: LogSchema, stage: JSON.parse }`. */
export type Parse = Parser<unknown> | { readonly [eventType: string]: Parser<unknown> };

/** The values of a stream by event type, such as `{ log: Log; stage: Stage }`, from the type of its option `parse`. */
export type ValuesOf<P> =
  P extends Parser<infer Value>
    ? Record<string, Value>
    : P extends Record<string, Parser<unknown>>
      ? { [Type in keyof P]: P[Type] extends Parser<infer Value> ? Value : never }
      : Record<string, string>;
