import { listMembers, trimHttp } from '../http.ts';

/** How specific a media range is for `text/event-stream`; ranges that don't match are not listed. */
const precedence: Readonly<Record<string, number>> = { '*/*': 1, 'text/*': 2, 'text/event-stream': 3 };

/** Whether an Accept field allows `text/event-stream`: its most specific range decides. [spec] RFC 9110 §12.5.1 */
export function acceptsEventStream(accept: string | undefined): boolean {
  // Fast path: EventSource always sends exactly this value.
  if (accept === undefined || accept === 'text/event-stream') return true;
  let best = 0;
  let allowed = false;
  for (const member of listMembers(accept)) {
    const [range = '', ...parameters] = member.split(';').map((part) => trimHttp(part).toLowerCase());
    const rank = precedence[range] ?? 0;
    if (rank < best || rank === 0) continue;
    const isAllowed = !parameters.some((parameter) => /^q[\t ]*=[\t ]*0(?:\.0*)?$/.test(parameter));
    allowed = rank > best ? isAllowed : allowed || isAllowed;
    best = rank;
  }
  // An empty Accept states no preference.
  return allowed || trimHttp(accept) === '';
}
