export { parseWith } from './parse/parse-with.ts';
export type { DataParser, EventParser, ParseRules, Parser, RuleValues, SchemaResult, StandardSchema } from './types.ts';
