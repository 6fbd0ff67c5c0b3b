import { expect } from 'chai';
import { readArguments, WrongArguments } from './arguments.ts';
import { servers } from './catalogue.ts';
import { workloads } from './workloads.ts';

describe('the arguments of the benchmark', () => {
  it('without arguments, the benchmark runs all workloads and servers in three rounds', () => {
    expect(readArguments([])).to.deep.equal({
      help: false,
      workloads: workloads.map(({ name }) => name),
      servers: undefined,
      rounds: 3,
      seconds: 6,
      quick: false,
      json: undefined,
      write: false,
    });
  });

  it('arguments choose workloads, servers, rounds and seconds', () => {
    const options = readArguments([
      '--workload',
      'fan, busy',
      '--server',
      'ours,ours-shared',
      '--rounds',
      '5',
      '--seconds',
      '0.5',
    ]);
    expect(options).to.include({ rounds: 5, seconds: 0.5 });
    expect(options.workloads).to.deep.equal(['busy', 'fan']);
    expect(options.servers).to.deep.equal(['ours', 'ours-shared']);
  });

  it('a quick run is short, unless the arguments set its length', () => {
    expect(readArguments(['--quick'])).to.include({ quick: true, rounds: 1, seconds: 2 });
    expect(readArguments(['--quick', '--rounds', '2'])).to.include({ rounds: 2, seconds: 2 });
  });

  const wrong: [string[], string][] = [
    [['--workload', 'bussy'], '--workload: there is no "bussy"; known are light, latency, busy'],
    [['--server', 'ours,apache'], '--server: there is no "apache"; known are direct, ours'],
    [['--workload', 'storm', '--server', 'nginx'], '--server: none of nginx takes part in storm; these do: ours'],
    [
      ['--workload', 'busy', '--server', 'ours,floor'],
      '--server: floor takes part in none of the workloads asked for; it does in: fan, fan-at-once',
    ],
    [['--rounds', '1.5'], '--rounds: expected a whole number from 1 to 100, not "1.5"'],
    [['--rounds', '0'], '--rounds: expected a whole number from 1 to 100, not "0"'],
    [['--seconds', 'ten'], '--seconds: expected a number from above 0 to 600, not "ten"'],
    [['--seconds', '601'], 'to 600, not "601"'],
    [['--fast'], "Unknown option '--fast'"],
    [['busy'], "Unexpected argument 'busy'"],
    [['--write', '--server', 'ours'], '--write: the documents show all workloads and servers'],
  ];
  for (const [args, message] of wrong) {
    it(`the benchmark rejects wrong arguments with a reason: ${args.join(' ')}`, () => {
      expect(() => readArguments(args)).to.throw(WrongArguments, message);
    });
  }

  it('every workload names servers that exist', () => {
    for (const { servers: names } of workloads) expect([...servers.keys()]).to.include.members([...names]);
  });
});
