/** Returns the value of an event's data, or throws. It must be synchronous. */
export type Parser<Value = unknown> = (
  data: string,
  event: {
    /** The event's own id, or '' if it has none. */
    readonly id: string;
    /** The event's type; `message` if it has none. */
    readonly event: string;
  },
) => Value;

/**
 * The part of a Standard Schema (https://standardschema.dev) that is used here. Zod, Valibot and ArkType implement it.
 */
export interface StandardSchema<Value> {
  /** The interface of the standard, which libraries keep apart from their own methods. */
  readonly '~standard': {
    /** Version of the standard. */
    readonly version: 1;
    /** Name of the library. Not used here. */
    readonly vendor: string;
    /** Validates the value of an event's JSON. A promise rejects the event, because parsing is synchronous. */
    readonly validate: (value: unknown) => SchemaResult<Value> | Promise<SchemaResult<Value>>;
    /** Exists as a type only. */
    readonly types?:
      | {
          /** What `validate` accepts. */
          readonly input: unknown;
          /** What `validate` returns. */
          readonly output: Value;
        }
      | undefined;
  };
}

/** Result of a Standard Schema. */
export type SchemaResult<Value> =
  | {
      /** What the schema made of the input. */
      readonly value: Value;
      /** Never set: there are no issues. */
      readonly issues?: undefined;
    }
  | {
      /** Why the schema rejects the input. */
      readonly issues: readonly {
        /** What is wrong, in a sentence. */
        readonly message: string;
      }[];
    };

/** A parser of the data, or a schema for its JSON. */
export type DataParser<Value = unknown> = Parser<Value> | StandardSchema<Value>;

/** What `parseWith()` accepts: one parser for all events, or one for each event type. */
export type ParseRules = DataParser | { readonly [eventType: string]: DataParser };

/** The values that these rules return, by event type. */
export type RuleValues<Rules> =
  Rules extends DataParser<infer Value>
    ? Record<string, Value>
    : { [Type in keyof Rules]: Rules[Type] extends DataParser<infer Value> ? Value : never };

/** Returns the values of events. `Values` are their types by event type, such as `{ log: Log; stage: Stage }`. */
export interface EventParser<Values extends object = Record<string, string>> {
  /** The option that it is for. */
  readonly option: 'parse';
  /** Called by the stream. */
  readonly read: (event: never) => unknown;
  /** Exists as a type only. */
  readonly types?: Values;
}
