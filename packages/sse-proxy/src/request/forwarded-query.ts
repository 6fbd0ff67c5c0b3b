import type { UpstreamAddress } from '../config/target.ts';
import { querySegment, rawQuery, toByteString } from '../http.ts';

/**
 * Adds the forwarded part of the browser's query to an upstream address: raw segments in their order, neither decoded
 * nor encoded again. Names that the address already has belong to the target. `lastEventId` never goes up. [R15]
 */
export function addForwardedQuery(
  address: UpstreamAddress,
  requestUrl: string,
  names: readonly string[] | true,
): UpstreamAddress {
  if (names !== true && names.length === 0) return address;
  const query = rawQuery(requestUrl);
  if (query === '') return address;
  const own = rawQuery(address.path);
  const reserved = new Set(own === '' ? [] : own.split('&').map((segment) => baseName(querySegment(segment)[0])));
  reserved.add('lastEventId');
  const allowed = names === true ? undefined : new Set(names.map(toByteString));
  const passed = query.split('&').filter((segment) => {
    if (allowed && !allowed.has(querySegment(segment)[0])) return false;
    // Some servers also separate parameters by ';'.
    return segment.split(';').every((part) => {
      const [name] = querySegment(part);
      return !reserved.has(baseName(name)) && (!allowed || !part.includes('=') || allowed.has(name));
    });
  });
  const forwarded = [own, passed.join('&').replace(unsendable, encode)].filter((part) => part !== '').join('&');
  return forwarded === '' ? address : { ...address, path: `${withoutQuery(address.path)}?${forwarded}` };
}

/** Many servers merge `name[]` and `name[key]` into `name`. */
function baseName(name: string): string {
  const bracket = name.indexOf('[');
  return bracket <= 0 ? name : name.slice(0, bracket);
}

function withoutQuery(path: string): string {
  const mark = path.indexOf('?');
  return mark === -1 ? path : path.slice(0, mark);
}

/** No request line may contain these; Node's servers refuse them, but tools that inject requests may not. */
const unsendable = /[\x00-\x20\x7f]/g;

function encode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
