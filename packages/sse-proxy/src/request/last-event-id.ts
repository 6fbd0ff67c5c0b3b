import type { Request } from 'express';
import { maxLastEventIdBytes } from '../config/defaults.ts';
import { isSendableId, querySegment, rawQuery, requestUrl } from '../http.ts';

/** Where a browser wants to continue. */
export interface InboundCursor {
  /** The id as a byte string, to be sent upstream unchanged; empty without a usable one. */
  readonly id: string;
  /** True if the browser sent an id that can't be forwarded: its stream begins with a gap `unusable-id`. [R24] */
  readonly unusable: boolean;
}

const none: InboundCursor = Object.freeze({ id: '', unusable: false });
const unusable: InboundCursor = Object.freeze({ id: '', unusable: true });

/**
 * The id that the browser resumes from. The header wins over `?lastEventId=`: a browser that reconnects sends its
 * newest id in the header.
 */
export function readLastEventId(req: Request): InboundCursor {
  const header = req.headers['last-event-id'];
  const id = header === undefined ? idInQuery(req) : String(header);
  if (id === undefined || id === '') return none;
  if (id.length > maxLastEventIdBytes || !isSendableId(id) || isRepeated(req, id)) return unusable;
  return { id, unusable: false };
}

function idInQuery(req: Request): string | undefined {
  for (const segment of rawQuery(requestUrl(req)).split('&')) {
    const [name, value] = querySegment(segment);
    if (name === 'lastEventId') return value;
  }
  return undefined;
}

/** Node joins repeated fields with a comma: the result would be an id that no upstream sent. */
function isRepeated(req: Request, id: string): boolean {
  if (!id.includes(', ')) return false;
  const names = (req.rawHeaders ?? []).filter((_, index) => index % 2 === 0);
  return names.filter((name) => name.toLowerCase() === 'last-event-id').length > 1;
}
