import type { Area, Bench } from '../support/cell.ts';
import { checkStream, dial, withUpstream } from '../support/check-stream.ts';
import { startProgram } from '../support/program.ts';
import { randomFrom, shuffled } from '../support/shuffle.ts';

/** Middleware in front of the stream's route, and behind it. */
interface Order {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const names = ['helmet', 'compression', 'express-session', 'cors', 'morgan', 'pino-http', 'http-proxy-middleware'];
const seed = 20_261_130;
const randomOrders = 20;
const expresses = ['4', '5'] as const;

const random = randomFrom(seed);
const orders = Array.from({ length: randomOrders }, () => shuffled(names, random));
/** All seven in front, and the same orders cut at a random place. */
const inFront: Order[] = orders.map((before) => ({ before, after: [] }));
const around: Order[] = orders.map((order) => {
  const cut = Math.floor(random() * (names.length + 1));
  return { before: order.slice(0, cut), after: order.slice(cut) };
});

/** Tries the stream in each of the orders. */
async function streamsIn(
  bench: Bench,
  express: (typeof expresses)[number],
  tried: readonly Order[],
): Promise<undefined> {
  const project = await bench.project(`middleware-${express}`, {
    '@datashop/sse-proxy': bench.tarballs['@datashop/sse-proxy'] as string,
    express,
    helmet: '8',
    compression: '1',
    'express-session': '1',
    cors: '2',
    morgan: '1',
    'pino-http': '11',
    'http-proxy-middleware': '4',
  });
  await withUpstream(async (upstream) => {
    const apps = JSON.stringify(Object.fromEntries(tried.map((order, index) => [index, order])));
    const program = await startProgram(project, 'middleware.mjs', [upstream.url, apps]);
    try {
      for (const [index, { before, after }] of tried.entries()) {
        const where = `${before.join(', ')} – stream – ${after.join(', ')}`;
        await checkStream(upstream, () => dial(program.ports[index] as number)).catch((cause) => {
          throw new Error(`${where}: ${cause.message}`, { cause });
        });
      }
    } finally {
      await program.stop();
    }
  });
}

const rows: readonly (readonly [row: string, before: readonly Order[], after: readonly Order[]])[] = [
  ...names.map((name) => [name, [{ before: [name], after: [] }], [{ before: [], after: [name] }]] as const),
  [`all of them, in ${randomOrders} random orders`, inFront, around],
];

export const middleware: Area = {
  name: 'middleware',
  title: 'Other middleware',
  text:
    'The middleware is mounted in front of the stream, or behind it. In the last row, "behind" means that each order is ' +
    'split at a random place: the first part is mounted in front, the rest behind. The orders are drawn from the seed ' +
    `${seed}. The browser accepts compressed responses, ` +
    '`compression` has `threshold: 0`, and `express-session` sets its cookie.',
  cells: rows.flatMap(([row, before, after]) =>
    expresses.flatMap((express) => [
      { row, column: `in front, Express ${express}`, run: (bench: Bench) => streamsIn(bench, express, before) },
      { row, column: `behind, Express ${express}`, run: (bench: Bench) => streamsIn(bench, express, after) },
    ]),
  ),
};
