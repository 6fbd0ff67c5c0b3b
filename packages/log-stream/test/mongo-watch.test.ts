import { expect } from 'chai';
import { pymodm } from './support/mongo.ts';
import { WatchStage } from './support/mongo-watch.ts';
import { log } from './support/service.ts';

const minuteMs = 60_000;

describe('a watch of MongoDB', () => {
  let stage: WatchStage;
  beforeEach(async () => {
    stage = new WatchStage();
    await stage.begin();
  });

  it('a watch lists a log once, also after hours without another one', async () => {
    const first = stage.show();
    await stage.pass(10_000);
    stage.now += 180 * minuteMs;
    await stage.pass(5 * minuteMs);
    const second = stage.show();
    await stage.pass(5 * minuteMs);
    expect(stage.listed).to.deep.equal([first, second]);
    expect(stage.skews).to.deep.equal([]);
  });

  it('a watch lists once each of the logs of writers whose clocks are behind or ahead by minutes', async () => {
    const ids = [0, -20 * minuteMs, 20 * minuteMs].map((ago) => stage.show(ago));
    await stage.pass(minuteMs);
    ids.push(stage.show(), stage.show(-20 * minuteMs));
    await stage.pass(30 * minuteMs);
    // One id is older than lateMs before the first look.
    const found = ids.filter((_id, index) => index !== 2);
    expect(stage.listed.toSorted()).to.deep.equal(found.toSorted());
  });

  for (const [agoMs, skews] of [
    [0, []],
    [1_900, []],
    [5_000, ['late']],
    [55_000, ['late']],
  ] as const) {
    it(`a watch finds what becomes visible ${agoMs} ms after its id was made, and counts it ${skews.length} times as late`, async () => {
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

  it('a watch goes on when the clock of this process is set back, and then put right again', async () => {
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

  it('a watch lists what the change stream delivers, and nothing twice that a look finds too', async () => {
    const ids = Array.from({ length: 5 }, () => stage.show());
    for (const id of ids) stage.watch.arrive(id, pymodm(log(id)));
    await stage.pass(minuteMs);
    for (const id of ids) stage.watch.arrive(id, pymodm(log(id)));
    expect(stage.listed).to.deep.equal(ids);
  });

  it('a watch keeps a bounded list, and moves its boundary behind what it has dropped', async () => {
    for (let i = 0; i < 3_000; i++) stage.watch.arrive(stage.show(), pymodm(log('x')));
    expect(stage.listed.length).to.be.at.most(1_024 + 256);
    const kept = new Set(stage.listed);
    for (const id of stage.visible) if (!kept.has(id)) expect(id <= stage.watch.list.boundary).to.equal(true);
  });

  it('a watch reports a loss once if the newest listed log is not stored any more', async () => {
    stage.show();
    await stage.watch.look();
    await stage.watch.checkLoss();
    expect(stage.watch.list.isLoss(1)).to.equal(false);
    stage.visible.length = 0;
    await stage.watch.checkLoss();
    await stage.watch.checkLoss();
    expect([stage.watch.list.isLoss(1), stage.watch.list.arrivals.end]).to.deep.equal([true, 2]);
  });
});
