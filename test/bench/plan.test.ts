import { expect } from 'chai';
import { readArguments } from './arguments.ts';
import { makePlan } from './plan.ts';

describe('the plan of the benchmark', () => {
  const plan = (descriptors: number, ...args: string[]) => makePlan(readArguments(args), descriptors);

  it('one note names the servers that get fewer browsers than the workload asks for, and the reason', () => {
    const { notes, cases } = plan(20_000, '--workload', 'connect', '--server', 'ours,tcp-relay,express');
    expect(cases.map(({ server, browsers }) => [server.name, browsers])).to.deep.equal([
      ['ours', 9_900],
      ['tcp-relay', 9_900],
      ['express', 10_000],
    ]);
    expect(notes).to.deep.equal([
      '9900 instead of 10000 browsers for ours, tcp-relay: the limit is 20000 file descriptors (ulimit -Hn)',
    ]);
  });

  it('there is no note if every server gets all browsers', () => {
    expect(plan(1e6, '--workload', 'connect', '--server', 'ours,express').notes).to.deep.equal([]);
  });

  it('the direct connection is measured for comparison, whichever servers are chosen', () => {
    const { cases } = plan(1e6, '--workload', 'latency-at-once', '--server', 'ours');
    expect(cases.map(({ server }) => server.name)).to.deep.equal(['direct', 'ours']);
    expect(plan(1e6, '--workload', 'light', '--server', 'direct').cases).to.have.lengthOf(1);
  });
});
