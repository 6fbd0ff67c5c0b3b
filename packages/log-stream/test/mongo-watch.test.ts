import { expect } from 'chai';
import type { LogCollection } from '../src/stores/mongo/collection.ts';
import { FoundLogs } from '../src/stores/mongo/found-logs.ts';
import type { IdRange } from '../src/stores/mongo/selection.ts';
import { Watch } from '../src/stores/mongo/watch.ts';
import { idAt, pymodm } from './support/mongo.ts';
import { log } from './support/service.ts';

const start = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;

/** A watch over documents that the test makes visible, by a clock that the test moves. */
class Stage {
  now = start;
  readonly visible: string[] = [];
  readonly skews: string[] = [];
  readonly watch: Watch;

  constructor() {
    const collection = {
      ids: async (_filter: unknown, { after = '' }: IdRange) => this.visible.filter((id) => id > after).toSorted(),
      documents: async (ids: string[]) => new Map(ids.map((id) => [id, pymodm(log(id))])),
      has: async (_filter: unknown, id: string) => this.visible.includes(id),
    };
    const timing = { now: () => this.now, pollMs: 1_000, settleMs: 2_000, lateMs: minuteMs, lateEveryMs: 30_000 };
    const context = {
      collection: collection as unknown as LogCollection,
      found: new FoundLogs(1_000_000),
      memory: { characters: 0 },
      timing: { ...timing, maxArrivals: 1_024 },
      onSkew: (kind: string) => this.skews.push(kind),
    };
    this.watch = new Watch(context, { workspaceID: 'ws', workflowID: 'wf' }, 'list');
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
    const { start: first, end } = this.watch.arrivals;
    return Array.from({ length: end - first }, (_, i) => this.watch.arrivals.idOf(first + i));
  }
}

describe('a watch of MongoDB', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = new Stage();
    await stage.watch.begin();
  });

  it('lists a log once, also after hours without another one', async () => {
    const first = stage.show();
    await stage.pass(10_000);
    stage.now += 180 * minuteMs;
    await stage.pass(5 * minuteMs);
    const second = stage.show();
    await stage.pass(5 * minuteMs);
    expect(stage.listed).to.deep.equal([first, second]);
    expect(stage.skews).to.deep.equal([]);
  });

  it('lists once each of the logs of writers whose clocks are behind or ahead by minutes', async () => {
    const ids = [0, -20 * minuteMs, 20 * minuteMs].map((ago) => stage.show(ago));
    await stage.pass(minuteMs);
    ids.push(stage.show(), stage.show(-20 * minuteMs));
    await stage.pass(30 * minuteMs);
    // One was made longer ago than lateMs before anything was known.
    const found = ids.filter((_id, index) => index !== 2);
    expect(stage.listed.toSorted()).to.deep.equal(found.toSorted());
  });

  for (const [agoMs, skews] of [
    [0, []],
    [1_900, []],
    [5_000, ['late']],
    [55_000, ['late']],
  ] as const) {
    it(`finds what becomes visible ${agoMs} ms after its id was made, and counts it ${skews.length} times as late`, async () => {
      stage.show();
      await stage.pass(40_000);
      stage.show();
      await stage.watch.look();
      const late = stage.show(agoMs);
      await stage.pass(32_000);
      expect(stage.listed).to.include(late).and.have.length(3);
      expect(stage.skews).to.deep.equal(skews);
    });
  }

  it('goes on when the clock of this process is set back, and then put right again', async () => {
    const ids = [stage.show()];
    await stage.pass(minuteMs);
    stage.now -= 60 * minuteMs;
    ids.push(stage.show(-60 * minuteMs));
    await stage.pass(minuteMs);
    ids.push(stage.show(-60 * minuteMs));
    await stage.pass(minuteMs);
    stage.now += 60 * minuteMs;
    ids.push(stage.show());
    await stage.pass(minuteMs);
    expect(stage.listed).to.deep.equal(ids);
  });

  it('lists what the change stream delivers, and nothing twice that a look finds too', async () => {
    const ids = Array.from({ length: 5 }, () => stage.show());
    for (const id of ids) stage.watch.arrive(id, pymodm(log(id)));
    await stage.pass(minuteMs);
    for (const id of ids) stage.watch.arrive(id, pymodm(log(id)));
    expect(stage.listed).to.deep.equal(ids);
  });

  it('keeps a bounded list, and moves its boundary behind what it has dropped', async () => {
    for (let i = 0; i < 3_000; i++) stage.watch.arrive(stage.show(), pymodm(log('x')));
    expect(stage.listed.length).to.be.at.most(1_024 + 256);
    const kept = new Set(stage.listed);
    for (const id of stage.visible) if (!kept.has(id)) expect(id <= stage.watch.boundary).to.equal(true);
  });

  it('reports a loss once if the newest listed log is not stored any more', async () => {
    stage.show();
    await stage.watch.look();
    await stage.watch.checkLoss();
    expect(stage.watch.isLoss(1)).to.equal(false);
    stage.visible.length = 0;
    await stage.watch.checkLoss();
    await stage.watch.checkLoss();
    expect([stage.watch.isLoss(1), stage.watch.arrivals.end]).to.deep.equal([true, 2]);
  });
});
