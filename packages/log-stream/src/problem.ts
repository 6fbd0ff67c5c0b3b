import type { Response } from 'express';

/** Every `code` that an answer may carry, its status and its title. */
const PROBLEMS = {
  invalid_parameter: [400, 'Bad Request'],
  invalid_path: [400, 'Bad Request'],
  missing_token: [401, 'Unauthorized'],
  wrong_token: [403, 'Forbidden'],
  method_not_allowed: [405, 'Method Not Allowed'],
  too_many_streams: [503, 'Service Unavailable'],
  closing: [503, 'Service Unavailable'],
  store_unavailable: [503, 'Service Unavailable'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A request that can't be answered, and why. */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** The parameter at fault. */
  readonly parameter: string | undefined;

  constructor(code: ProblemCode, detail: string, parameter?: string) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.parameter = parameter;
  }
}

/** Answers with problem+json (RFC 9457). */
export function sendProblem(res: Response, { code, message: detail, parameter }: Problem): void {
  const [status, title] = PROBLEMS[code];
  // By statusCode and end(): Express' json() would set its own media type's charset and an ETag.
  res.statusCode = status;
  if (status === 503) res.setHeader('Retry-After', '5');
  res.setHeader('Content-Type', 'application/problem+json');
  res.setHeader('Cache-Control', 'no-store');
  res.end(JSON.stringify({ type: 'about:blank', title, status, code, detail, parameter }));
}

/** What somebody sent, fit for a message or a log line: short, quoted, everything but plain ASCII escaped. */
export function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  const escaped = JSON.stringify(short).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped;
}
