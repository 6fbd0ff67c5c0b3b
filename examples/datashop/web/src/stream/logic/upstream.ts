import type { Entry, EntryList } from '@datashop/sse-client';

/** The proxy's report that it has no log service to read from, although the page is connected to the proxy. [R43] */
export interface UpstreamAbsence {
  /** `connecting`: no response yet; `lost`: it reconnects; `silent`: connected, but overdue. */
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

const prefix = 'sse-proxy:';

/** True for events that the proxy itself sends. They report about the stream and are no lines of it. */
export function isControlEvent(entry: Entry): boolean {
  return entry.kind === 'event' && entry.event.startsWith(prefix);
}

/** Reads the proxy's reports about the log service from the entries of a stream, each entry once. */
export class UpstreamReports {
  absence: UpstreamAbsence | null = null;
  #generation = 0;
  #next = 0;

  /** @param isConnected a connection that ended takes its reports with it: the next one begins with its own */
  read(entries: EntryList, isConnected: boolean): void {
    const { generation, offset, length } = entries;
    if (generation !== this.#generation) this.#next = offset;
    this.#generation = generation;
    for (this.#next = Math.max(this.#next, offset); this.#next < offset + length; this.#next += 1) {
      const entry = entries.at(this.#next - offset)!;
      if (entry.kind === 'event' && entry.event === `${prefix}upstream`) this.absence = absenceOf(entry.data);
    }
    if (!isConnected) this.absence = null;
  }
}

/** @returns null for `restored` and for data that is not such a report */
function absenceOf(data: string): UpstreamAbsence | null {
  try {
    const { state, since } = JSON.parse(data) as { state?: unknown; since?: unknown };
    if (typeof state !== 'string' || state === 'restored') return null;
    const time = Date.parse(String(since));
    return { state, since: Number.isNaN(time) ? Date.now() : time };
  } catch {
    return null;
  }
}
