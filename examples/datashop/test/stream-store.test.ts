import { expect } from 'chai';
import { Store } from '../web/src/stream/state/store.ts';

describe('the state of Stream mode', () => {
  it('a store notifies its listeners of each change, but not of values that are the same', () => {
    const store = new Store<{ hit: object | null; wrap: boolean }>({ hit: null, wrap: false });
    const before = store.get();
    let calls = 0;
    store.subscribe(() => {
      calls += 1;
    });
    store.set({ hit: null });
    store.set({ hit: null, wrap: false });
    expect(calls).to.equal(0);
    expect(store.get()).to.equal(before);
    store.set({ hit: null, wrap: true });
    expect([calls, store.get()]).to.deep.equal([1, { hit: null, wrap: true }]);
  });
});
