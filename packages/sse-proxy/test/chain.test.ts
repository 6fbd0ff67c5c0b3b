import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

type Semantics = '>' | '>=' | 'everything';

/**
 * An upstream with a log, whose every response begins and goes on with other comments and `retry:` lines. `perId`
 * events share an id.
 */
class LogUpstream {
  readonly log: { id: string; data: string }[] = [];
  readonly server = http.createServer((req, res) => this.#respond(req, res));
  readonly #open = new Set<http.ServerResponse>();
  readonly #semantics: Semantics;
  readonly #perId: number;
  #lines = 0;

  constructor(semantics: Semantics, perId: number) {
    this.#semantics = semantics;
    this.#perId = perId;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  emit(count: number): void {
    for (let i = 0; i < count; i++) {
      const event = {
        id: String(1_764_353_046_000 + Math.floor(this.log.length / this.#perId)),
        data: `${this.log.length}`,
      };
      this.log.push(event);
      for (const res of this.#open) this.#write(res, event);
    }
  }

  cut(): void {
    for (const res of this.#open) res.socket?.resetAndDestroy();
  }

  #respond(req: http.IncomingMessage, res: http.ServerResponse): void {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.flushHeaders();
    this.#open.add(res);
    res.on('close', () => this.#open.delete(res));
    const last = req.headers['last-event-id'];
    for (const event of this.log) {
      if (this.#semantics === 'everything' || last === undefined) this.#write(res, event);
      else if (event.id > last || (this.#semantics === '>=' && event.id === last)) this.#write(res, event);
    }
  }

  #write(res: http.ServerResponse, { id, data }: { id: string; data: string }): void {
    const before = ['', ': comment\n', 'retry: 1\n', ':\nretry: 2\n: x\n\n'][++this.#lines % 4];
    res.write(`${before}id: ${id}\ndata: ${data}\n\n`);
  }
}

describe('two proxies in a chain', () => {
  const { add, clean, app, visit } = stage({ resume: { minDelayMs: 1, maxDelayMs: 5 }, heartbeatMs: 10 });
  afterEach(clean);

  const cases: [Semantics, number, boolean, boolean][] = [
    ['>', 1, false, false],
    ['>=', 3, false, false],
    ['>=', 3, false, true],
    ['>=', 1, true, false],
    ['>=', 1, true, true],
    ['everything', 1, false, false],
    ['everything', 3, false, true],
  ];
  for (const [semantics, perId, inner, outer] of cases) {
    const ids = perId === 1 ? 'own ids' : `${perId} events per id`;
    const mode = (share: boolean) => (share ? 'shared' : 'dedicated');
    it(`two proxies in a chain deliver exactly, cut anywhere: ${semantics}, ${ids}, ${mode(inner)} then ${mode(outer)} [R28] [R35] [row 36]`, async () => {
      const up = new LogUpstream(semantics, perId);
      up.server.listen(0, '127.0.0.1');
      add(up.server, (it) => it.close());
      add(up.server, (it) => it.closeAllConnections());
      await until(() => up.server.listening);
      const first = await app({ target: `http://127.0.0.1:${up.port}/`, share: inner });
      const second = await app({ target: `http://127.0.0.1:${first.port}/sse`, share: outer });
      const browser = visit(second.port);
      await browser.opened();
      const data = () => [...browser.body().matchAll(/^data: (\d+)$/gm)].map(([, n]) => Number(n));
      for (let round = 0; round < 12; round++) {
        up.emit(5);
        if (round % 2 === 0) await until(() => data().length > 0 && data().at(-1) === up.log.length - 1);
        if (round % 3 !== 0) first.server.closeAllConnections();
        if (round % 3 !== 1) up.cut();
        up.emit(2);
        await until(() => data().at(-1) === up.log.length - 1);
      }
      expect(data()).to.deep.equal(up.log.map(({ data: text }) => Number(text)));
      expect(second.witness.gaps).to.deep.equal([]);
      expect(browser.closed()).to.equal(false);
    });
  }
});
