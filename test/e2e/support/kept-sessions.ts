import session from 'express-session';
import type { SessionOptions } from '../../../examples/datashop/src/bff/session.ts';

/** Sessions that outlive a BFF. It has two stores, one for each cookie, and the next BFF gets the same. */
export function keptSessions(): SessionOptions {
  const stores = [new session.MemoryStore(), new session.MemoryStore()];
  let created = 0;
  return { secret: 'of-the-sessions', createStore: () => stores[created++ % stores.length]! };
}
