import type { Admin, Db, Document } from 'mongodb';

/** Code of the error for a command that the server does not have. */
const commandNotFound = 59;

/** The kind of a server, and its clock. */
export interface ServerKind {
  /** True if it has change streams: a member of a replica set, or a router of a sharded cluster. */
  readonly hasChanges: boolean;
  /** Its clock minus this process's, in milliseconds. */
  readonly clockOffsetMs: number;
}

/** Queries the kind of the server, and its clock. */
export async function serverKind(db: Db): Promise<ServerKind> {
  const asked = Date.now();
  const { setName, msg, localTime } = await hello(db.admin());
  // The server read its clock between the request and the response.
  const middle = (asked + Date.now()) / 2;
  return {
    hasChanges: setName !== undefined || msg === 'isdbgrid',
    clockOffsetMs: localTime instanceof Date ? localTime.getTime() - middle : 0,
  };
}

async function hello(admin: Admin): Promise<Document> {
  try {
    return await admin.command({ hello: 1 }, { readPreference: 'primary' });
  } catch (error) {
    if ((error as { code?: unknown }).code !== commandNotFound) throw error;
    // MongoDB has `hello` since 4.4.2.
    return await admin.command({ isMaster: 1 }, { readPreference: 'primary' });
  }
}
