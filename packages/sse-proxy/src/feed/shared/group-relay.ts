import { hash } from 'node:crypto';
import type { ShareConfig } from '../../config/options.ts';
import { isOwnId } from '../event-numbers.ts';
import type { LastEvent } from '../relay/log-tail.ts';
import type { RelayParts } from '../relay/relay-parts.ts';
import { RelayedIds } from './assigned-ids.ts';
import type { SharedParts } from './shared-feed.ts';

/** How a live feed is relayed. */
export interface GroupRelay extends RelayParts {
  readonly ids: RelayedIds | undefined;
}

/**
 * How the live feed of a group is relayed; undefined without a relay. `cursor`: of the browser for which it is opened.
 * `onTip`: see {@link RelayParts}.
 */
export function relayOf(
  { relay, ids, join, replay }: ShareConfig,
  route: string,
  cursor: string,
  onTip: (last: LastEvent) => void,
): GroupRelay | undefined {
  if (!relay) return undefined;
  const assigns = ids === 'assign';
  return {
    relay,
    bounds: replay,
    keyOf: ({ feedKey }) => hash('sha256', JSON.stringify([route, ids, feedKey]), 'base64url'),
    joinsLive: join === 'live',
    ids: assigns ? new RelayedIds('') : undefined,
    firstId: assigns && isOwnId(cursor) ? cursor : '',
    onTip,
  };
}

/** How a backfill beside a live feed is relayed, and gets ids. `cursor`: the upstream's id, or one of our own. */
export function backfillOf(
  relayed: RelayParts | undefined,
  cursor: string,
  onUnknown: () => void,
): Pick<SharedParts, 'cursor' | 'assigner' | 'relayedBackfill'> {
  if (!relayed?.ids) return { cursor, assigner: undefined, relayedBackfill: relayed };
  const ids = new RelayedIds(cursor);
  return { cursor: '', assigner: ids, relayedBackfill: { ...relayed, ids, firstId: cursor, onUnknown } };
}
