import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { logEvents } from './compression/log-events.ts';
import { check, unitsOf, type Way, ways } from './compression/ways.ts';
import { writing } from './compression/writing.ts';

const script = new URL('./compression.ts', import.meta.url);

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function named(part: string): Way {
  const way = ways.find(({ name }) => name.includes(part));
  if (!way) throw new Error(`no way is named ${part}`);
  return way;
}

async function refusal(work: Promise<void>): Promise<string> {
  return work.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

describe('the report on compression', () => {
  const events = logEvents(400);
  const plain = Buffer.concat(events);

  describe('makes up events', () => {
    it('made-up events are the same for the same seed, and only then', () => {
      expect(Buffer.concat(logEvents(400)).equals(plain)).to.equal(true);
      expect(Buffer.concat(logEvents(400, 2)).equals(plain)).to.equal(false);
    });

    it('made-up events have about 300 bytes and no unfilled placeholder', () => {
      expect(plain.length / events.length).to.be.within(280, 320);
      for (const event of events) {
        const [, data = ''] = /^id: [0-9a-f]{8}-\d+\ndata: (.+)\n\n$/.exec(event.toString()) ?? [];
        const { message, description } = JSON.parse(data);
        expect(message).to.match(/^[^{}]+$/);
        expect(description).to.match(/^[^{}]*$/);
      }
    });

    it('made-up events are flushed one or five at a time, also the last ones', () => {
      expect(unitsOf(events, 1)).to.deep.equal(events);
      const fives = unitsOf(events.slice(0, 12), 5);
      expect(fives.map((unit) => unit.toString().split('\n\n').length - 1)).to.deep.equal([5, 5, 2]);
      expect(Buffer.concat(fives)).to.deep.equal(Buffer.concat(events.slice(0, 12)));
    });
  });

  for (const perFlush of [1, 5]) {
    const units = unitsOf(events, perFlush);
    const middle = units.length / 2;
    const rest = Buffer.concat(units.slice(middle));

    describe(`with ${perFlush} to a flush`, () => {
      for (const way of ways) {
        it(`${way.name} decodes what it sent, ${perFlush} to a flush`, async () => {
          const sent = await way.compress(units);
          expect(sent).to.have.length(units.length);
          expect(way.decode(Buffer.concat(sent)).equals(plain)).to.equal(true);
          await check(way, units, sent);
        });
      }

      for (const way of [named('zstd'), named('full flush')]) {
        it(`${way.name} lets a browser join without earlier bytes, ${perFlush} to a flush`, async () => {
          const sent = await way.compress(units);
          expect(way.decode(Buffer.concat(sent.slice(middle))).equals(rest)).to.equal(true);
        });
      }

      it(`a shared window lets a browser join once it has the previous 8 KB, not without, ${perFlush} to a flush`, async () => {
        const way = named('shared window');
        const sent = (await way.compress(units)).slice(middle);
        const previous = Buffer.concat(units.slice(0, middle)).subarray(-8_192);
        const given = await way.compress([previous]);
        const got = way.decode(Buffer.concat([...given, ...sent]));
        expect(got.equals(Buffer.concat([previous, rest]))).to.equal(true);
        expect(() => way.decode(Buffer.concat(sent))).to.throw('invalid distance too far back');
      });

      it(`a shared window sends less than full flushes, ${perFlush} to a flush`, async () => {
        const [shared = Number.NaN, full] = await Promise.all(
          ['shared window', 'full flush'].map(async (name) => Buffer.concat(await named(name).compress(units)).length),
        );
        expect(shared).to.be.below(full ?? Number.NaN);
      });
    });
  }

  it('the report has no figure for output that does not decode to the input', async () => {
    for (const way of ways) {
      const other = await way.compress(logEvents(400, 2));
      expect(await refusal(check(way, events, other))).to.equal(
        `${way.name}: decoded from unit 0 of 400 on, it is not what was sent`,
      );
    }
  });

  it('the report has no figure for output that a browser can decode only from the start', async () => {
    const way: Way = { ...named('shared window'), joining: () => Buffer.alloc(0) };
    expect(await refusal(check(way, events, await way.compress(events)))).to.equal('invalid distance too far back');
  });

  it('the report times writes by size in each round', async () => {
    const rounds = await writing([70, 300], 3, 2);
    expect(rounds).to.have.length(2);
    for (const costs of rounds) {
      expect(costs).to.have.length(2);
      for (const us of costs) expect(us).to.be.above(0);
    }
  });

  it('the report explains itself in one paragraph', () => {
    const { status, stdout, stderr } = node(script.pathname, '--help');
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout).to.match(/^node test\/bench\/compression\.ts takes no arguments.+\n$/);
  });

  for (const args of [['--fast'], ['30'], ['--help', 'me'], ['']]) {
    it(`refuses arguments: ${JSON.stringify(args)}`, () => {
      expect(node(script.pathname, ...args)).to.deep.equal({
        status: 2,
        stdout: '',
        stderr: `compression: expected no arguments, or only --help, got ${JSON.stringify(args.join(' '))}\n`,
      });
    });
  }

  it('the report does nothing when it is imported', () => {
    for (const argument of [[], ['argument']]) {
      const imported = node('--input-type=module', '-e', `await import('${script.href}')`, ...argument);
      expect(imported).to.deep.equal({ status: 0, stdout: '', stderr: '' });
    }
  });
});
