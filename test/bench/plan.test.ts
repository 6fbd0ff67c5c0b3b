import { expect } from 'chai';
import { readArguments } from './arguments.ts';
import { makePlan } from './plan.ts';

describe('The plan of the benchmark', () => {
  const plan = (descriptors: number, ...args: string[]) => makePlan(readArguments(args), descriptors);

  it('says in one line who gets fewer browsers than the workload wants, and why', () => {
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

  it('has nothing to say where everybody gets what they need', () => {
    expect(plan(1e6, '--workload', 'connect', '--server', 'ours,express').notes).to.deep.equal([]);
  });

  it('measures the direct connection for the sake of the others', () => {
    const { cases } = plan(1e6, '--workload', 'latency-at-once', '--server', 'ours');
    expect(cases.map(({ server }) => server.name)).to.deep.equal(['direct', 'ours']);
    expect(plan(1e6, '--workload', 'light', '--server', 'better-sse,direct').cases).to.have.lengthOf(1);
  });
});
