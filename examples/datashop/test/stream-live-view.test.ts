import type { EventStream, StreamSnapshot } from '@datashop/sse-client';
import { expect } from 'chai';
import { noFilter } from '../web/src/filters/log-filter.ts';
import { matchTexts } from '../web/src/stream/logic/match-texts.ts';
import type { SearchPort, SearchReply } from '../web/src/stream/logic/searcher.ts';
import { LiveView } from '../web/src/stream/state/live-view.ts';
import { ListModel, logData } from './support/entries.ts';

/** The part of a stream that the view uses. */
class StreamModel extends ListModel {
  listeners = new Set<() => void>();
  readonly stream = {
    getSnapshot: () => ({ entries: this.list() }) as StreamSnapshot,
    subscribe: (listener: () => void) => {
      this.listeners.add(listener);
      return () => this.listeners.delete(listener);
    },
  } as unknown as EventStream;

  receive(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.append(this.event(logData('INFO', `row ${this.offset + this.entries.length}`)));
    }
    for (const listener of this.listeners) listener();
  }
}

/** Replies in a later turn of the event loop, as a worker does. */
function port(): SearchPort {
  let ended = false;
  const reply = (data: SearchReply) => setImmediate(() => !ended && self.onmessage?.({ data } as MessageEvent));
  const self: SearchPort = {
    onmessage: null,
    postMessage: ({ id, pattern, texts }) => {
      const matches = matchTexts(pattern, texts);
      reply({ kind: 'matches', id, matches });
    },
    terminate: () => {
      ended = true;
    },
  };
  reply({ kind: 'ready' });
  return self;
}

describe('LiveView', () => {
  let model: StreamModel;
  let live: LiveView;
  let release: () => void;
  const shown = () => live.get().view.rows.length;
  /** Resolves as soon as the view fulfils the condition. */
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
    live.setFilter({ ...noFilter, text, regex, marksAll: !only });

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

  it('LiveView shows lines as they arrive', async () => {
    model.receive(10);
    await until(() => shown() === 10);
    model.receive(5);
    await until(() => shown() === 15);
  });

  it('LiveView applies a pattern to lines that arrive during the search', async () => {
    model.receive(5_000);
    find('row \\d*7$', true);
    await until(() => shown() === 500);
    model.receive(5_000);
    await until(() => shown() === 1_000);
    expect(live.get().progress).to.equal(1);
  });

  it('LiveView replaces a pattern while its search is running', async () => {
    model.receive(5_000);
    find('row \\d*7$', true);
    find('row 1\\d$', true);
    await until(() => live.get().progress === 1 && shown() === 10);
  });

  it('LiveView neither reads nor searches lines in the task in which a pattern is set, also during another search', async () => {
    release();
    let requests = 0;
    const counted = (): SearchPort => {
      const opened = port();
      const { postMessage } = opened;
      opened.postMessage = (request) => {
        requests += 1;
        postMessage(request);
      };
      return opened;
    };
    live = new LiveView(model.stream, counted);
    release = live.subscribe(() => {});
    model.receive(5_000);
    find('row \\d*7$', true);
    await until(() => requests > 0);
    const before = requests;
    find('row 1\\d$', true);
    expect(live.get()).to.deep.include({ progress: 0, problem: null });
    // Longer than any chain of promises, still in the same task.
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
    expect(requests).to.equal(before);
    await until(() => live.get().progress === 1 && shown() === 10);
  });

  it('LiveView reports an invalid pattern and shows all lines', async () => {
    model.receive(10);
    find('(row', true);
    expect(live.get().problem).to.match(/^Not a valid pattern/);
    await until(() => shown() === 10);
  });

  it('LiveView does nothing without subscribers, and catches up with the next one', async () => {
    release();
    expect(model.listeners.size).to.equal(0);
    model.receive(10);
    expect(shown()).to.equal(0);
    release = live.subscribe(() => {});
    await until(() => shown() === 10);
  });

  it('LiveView keeps its rows between hold() and letGo(), even if the filter changes, and then catches up', async () => {
    model.receive(10);
    await until(() => shown() === 10);
    live.hold();
    model.receive(5);
    find('row 1\\d$', true);
    expect(shown()).to.equal(10);
    live.letGo();
    expect(shown()).to.equal(10);
    await until(() => shown() === 5);
  });

  it('LiveView reports a pattern that the worker can not run, and shows all lines', async () => {
    release();
    const failing = (): SearchPort => {
      const failed = port();
      failed.postMessage = ({ id }) => {
        const data: SearchReply = { kind: 'failed', id, message: 'Invalid regular expression: /a/gim: Too large' };
        setImmediate(() => failed.onmessage?.({ data } as MessageEvent));
      };
      return failed;
    };
    live = new LiveView(model.stream, failing);
    release = live.subscribe(() => {});
    model.receive(10);
    find('a', true);
    await until(() => live.get().problem === 'Not a valid pattern: too large.');
    await until(() => shown() === 10);
  });
});
