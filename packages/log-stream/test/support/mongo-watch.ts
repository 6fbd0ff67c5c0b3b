import type { LogCollection } from '../../src/stores/mongo/collection.ts';
import { LogMapper } from '../../src/stores/mongo/log-mapper.ts';
import type { IdRange } from '../../src/stores/mongo/selection.ts';
import type { Timing } from '../../src/stores/mongo/timing.ts';
import { Watch, type WatchContext } from '../../src/stores/mongo/watch.ts';
import { idAt, pymodm } from './mongo.ts';
import { log } from './service.ts';

const start = Date.UTC(2026, 0, 1);

/** Documents that become visible when the test says so, by a clock that the test moves, and watches over them. */
export class WatchStage {
  now = start;
  readonly visible: string[] = [];
  readonly skews: string[] = [];
  readonly context: WatchContext;
  /** The first watch. */
  watch: Watch;
  #watches = 0;

  constructor(timing: Partial<Timing> = {}) {
    const within = ({ from = '', after = '', before = 'x', upTo = 'x' }: IdRange) =>
      this.visible.filter((id) => id >= from && id > after && id < before && id <= upTo).toSorted();
    const raw = (id: string) => pymodm(log(id));
    const collection = {
      ids: async (_filter: unknown, range: IdRange) => within(range),
      idsBefore: async (_filter: unknown, range: IdRange, limit: number) => within(range).toReversed().slice(0, limit),
      documents: async (ids: string[]) => new Map(ids.map((id) => [id, raw(id)])),
      has: async (_filter: unknown, id: string) => this.visible.includes(id),
      page: async (_filter: unknown, range: IdRange, _order: 'asc', limit: number) =>
        within(range)
          .slice(0, limit)
          .map((id) => ({ id, raw: raw(id) })),
    };
    const defaults = { pollMs: 1_000, settleMs: 2_000, lateMs: 60_000, lateEveryMs: 30_000, maxArrivals: 1_024 };
    this.context = {
      collection: collection as unknown as LogCollection,
      mapper: new LogMapper(1_000_000),
      memory: { characters: 0 },
      timing: { now: () => this.now, ...defaults, ...timing },
      onSkew: (kind: string) => this.skews.push(kind),
    };
    this.watch = this.newWatch();
  }

  /** Another process. Call `begin` on it. */
  newWatch(): Watch {
    return new Watch(this.context, { workspaceID: 'ws', workflowID: 'wf' }, `list${this.#watches++}`);
  }

  begin(): Promise<void> {
    return this.watch.begin();
  }

  /** A document becomes visible whose ObjectId was made some time ago. */
  show(agoMs = 0): string {
    const id = idAt(this.now - agoMs).toHexString();
    this.visible.push(id);
    return id;
  }

  /** Looks as often as a poller does until some time has passed. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; this.now += 1_000) {
      await this.watch.look(this.now - this.watch.lateCompleteAt >= 30_000);
    }
    await this.watch.look();
  }

  get listed(): string[] {
    return listedBy(this.watch);
  }
}

/** The ids of a watch's list, in the order of arrival. */
export function listedBy({ list: { arrivals } }: Watch): string[] {
  return Array.from({ length: arrivals.end - arrivals.start }, (_, i) => arrivals.idOf(arrivals.start + i));
}
