import type { EventStream, StreamSnapshot } from '@datashop/sse-client';
import { expect } from 'chai';
import { logLevels } from '../web/src/log.ts';
import { matchTexts } from '../web/src/stream/logic/match-texts.ts';
import type { SearchPort } from '../web/src/stream/logic/searcher.ts';
import { LiveView } from '../web/src/stream/state/live-view.ts';
import { ListModel, logData } from './support/entries.ts';

/** As much of a stream as the view looks at. */
class StreamModel extends ListModel {
  listeners = new Set<() => void>();
  readonly stream = {
    getSnapshot: () => ({ entries: this.list() }) as StreamSnapshot,
    subscribe: (listener: () => void) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  } as unknown as EventStream;

  come(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.append(this.event(logData('INFO', `row ${this.offset + this.entries.length}`)));
    }
    for (const listener of this.listeners) listener();
  }
}

/** Answers later, as a worker does. */
function port(): SearchPort {
  let ended = false;
  const self: SearchPort = {
    onmessage: null,
    postMessage: ({ id, pattern, texts }) => {
      const verdicts = matchTexts(pattern, texts);
      setImmediate(() => !ended && self.onmessage?.({ data: { id, verdicts } } as MessageEvent));
    },
    terminate: () => {
      ended = true;
    },
  };
  return self;
}

describe('the view of a live stream', () => {
  let model: StreamModel;
  let live: LiveView;
  let release: () => void;
  const shown = () => live.get().view.rows.length;
  /** Resolves as soon as the view is so. */
  const until = (check: () => boolean) =>
    new Promise<void>((resolve) => {
      const stop = live.subscribe(() => look());
      const look = () => {
        if (!check()) return;
        stop();
        resolve();
      };
      look();
    });
  const find = (text: string, regex: boolean, only = true) =>
    live.setFilter({ levels: new Set(logLevels), query: { text, regex }, only });

  beforeEach(() => {
    model = new StreamModel();
    live = new LiveView(model.stream, port);
    release = live.subscribe(() => {});
  });

  afterEach(() => {
    release();
    live.close();
    expect(model.listeners.size).to.equal(0);
  });

  it('shows what comes', async () => {
    model.come(10);
    await until(() => shown() === 10);
    model.come(5);
    await until(() => shown() === 15);
  });

  it('goes on finding by a pattern while lines come', async () => {
    model.come(5_000);
    find('row \\d*7$', true);
    await until(() => shown() === 500);
    model.come(5_000);
    await until(() => shown() === 1_000);
    expect(live.get().progress).to.equal(1);
  });

  it('takes another pattern while the one before is still being looked for', async () => {
    model.come(5_000);
    find('row \\d*7$', true);
    find('row 1\\d$', true);
    await until(() => live.get().progress === 1 && shown() === 10);
  });

  it('says what is wrong with a pattern, and shows all lines', async () => {
    model.come(10);
    find('(row', true);
    expect(live.get().problem).to.match(/^This is no valid pattern/);
    await until(() => shown() === 10);
  });

  it('does nothing while nobody looks, and catches up when somebody does', async () => {
    release();
    expect(model.listeners.size).to.equal(0);
    model.come(10);
    expect(shown()).to.equal(0);
    release = live.subscribe(() => {});
    await until(() => shown() === 10);
  });
});
