import { expect } from 'chai';
import { goals } from './goals.ts';
import { find } from './results.ts';
import { madeUpReport } from './support/report.ts';

describe('goals of pairs', () => {
  /** Sets what each round of a server measured; undefined: the round was not valid. */
  function report(shared: (number | undefined)[], overRedis: (number | undefined)[]) {
    const made = madeUpReport();
    const set = (server: string, costs: (number | undefined)[]) => {
      const rounds = find(made, 'fan-redis', server)?.rounds;
      const figures = costs.map((cpuUs) =>
        cpuUs === undefined ? { figures: {}, invalid: 'gone' } : { figures: { cpuUs } },
      );
      rounds?.splice(0, Infinity, ...figures);
    };
    set('ours-shared', shared);
    set('ours-redis', overRedis);
    return goals(made).find(({ what }) => what.startsWith('shared over Redis, leader, 1,000'));
  }

  it('goals compare the servers of one round, so that a slow minute of the machine affects both', () => {
    const goal = report([10, 20, 10], [12, 23, 13]);
    expect(goal).to.include({ measured: '1.20 × (quartiles 1.15–1.30, 3 pairs)', met: true });
  });

  it('goals compare a source with shared mode round by round, although both run at once', () => {
    const made = madeUpReport();
    for (const [server, costs] of [
      ['ours-shared', [10, 20, 10]],
      ['ours-source', [9, 21, 11]],
    ] as const)
      find(made, 'source-at-once', server)?.rounds.splice(
        0,
        Infinity,
        ...costs.map((cpuUs) => ({ figures: { cpuUs } })),
      );
    const goal = goals(made).find(({ what }) => what.endsWith('from a source, both at once'));
    expect(goal).to.include({ measured: '1.05 × (quartiles 0.90–1.10, 3 pairs)', met: false });
  });

  it('goals leave out rounds of which one server is not valid', () => {
    expect(report([10, undefined, 10], [13, 20, undefined])).to.include({
      measured: '1.30 × (quartiles 1.30–1.30, 1 pair)',
      met: false,
    });
    expect(report([undefined], [13])).to.include({ measured: 'not measured', met: undefined });
  });
});
