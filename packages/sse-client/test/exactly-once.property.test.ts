import { expect } from 'chai';
import fc from 'fast-check';
import { iterate, onEvents } from '../src/events.ts';
import { stage } from './support/scene.ts';
import { until } from './support/until.ts';

interface LogEvent {
  id: string;
  data: string;
  type: string;
}

/** Servers differ in what they repeat after a Last-Event-ID. */
const servers = {
  'begins with the first event of the id [R36]': (log: LogEvent[], id: string) =>
    Math.max(
      log.findIndex((event) => event.id === id),
      0,
    ),
  'ignores the id [row 11]': () => 0,
  'begins an event earlier': (log: LogEvent[], id: string) =>
    Math.max(log.findIndex((event) => event.id === id) - 1, 0),
};

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      append: fc.array(
        fc.record({
          next: fc.boolean(),
          data: fc.constantFrom('', ' ', '4', 'x\ny'),
          type: fc.constantFrom('message', 'done'),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ cutAfter: fc.nat(60) }) },
);

const frame = ({ id, data, type }: LogEvent) =>
  `id: ${id}\nevent: ${type}\n${data
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;

describe('a log whose events share ids (property)', () => {
  const scene = stage();

  for (const [name, firstOf] of Object.entries(servers))
    it(`a log whose events share ids reaches the list, onEvents() and the iterator exactly once if the server ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const at = await scene({ watchdogMs: false });
          const batches: string[] = [];
          const looped: string[] = [];
          onEvents(at.stream, (batch) => batches.push(...batch.map(({ id, event, data }) => `${id} ${event} ${data}`)));
          const loop = (async () => {
            for await (const entry of iterate(at.stream))
              looped.push(entry.kind === 'gap' ? entry.reason : `${entry.id} ${entry.event} ${entry.data}`);
          })();
          const log: LogEvent[] = [];
          let number = 1_764_330_000_000;
          at.stream.connect();
          let visit = (await at.server.next()).open(':\n\n');
          await at.until('connected');
          const reconnect = async () => {
            await at.until('waiting');
            at.retry();
            visit = await at.server.next();
            visit.open(
              log
                .slice(firstOf(log, visit.lastEventId ?? ''))
                .map(frame)
                .join(''),
            );
          };
          for (const one of steps) {
            if ('cutAfter' in one) {
              // An event that no replay completes, if the log has none to come.
              visit.end('id: 99\ndata: never complete'.slice(0, one.cutAfter));
              await reconnect();
            } else
              for (const { next, data, type } of one.append) {
                if (next) number++;
                const event = { id: String(number), data, type };
                log.push(event);
                visit.send(frame(event));
              }
          }
          const last = { id: String(number + 1), data: 'end', type: 'message' };
          log.push(last);
          visit.send(frame(last));
          await until(() => batches.at(-1)?.endsWith('end'));
          const expected = log.map(({ id, type, data }) => `${id} ${type} ${data}`);
          expect(batches).to.deep.equal(expected);
          expect(at.events.map(({ id, event, data }) => `${id} ${event} ${data}`)).to.deep.equal(expected);
          expect(at.now.counts.gaps).to.equal(0);
          await at.close();
          await loop;
          expect(looped).to.deep.equal(expected);
        }),
        { numRuns: 25 },
      );
    });
});
