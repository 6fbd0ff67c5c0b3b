import { expect } from 'chai';
import fc from 'fast-check';
import { EventIds, eventIds, isEventId } from '../src/stores/sqlite/event-id.ts';

const scope = { workspaceID: 'ws', workflowID: 'wf' };
const numbers = fc.nat({ max: Number.MAX_SAFE_INTEGER });

describe('event ids', () => {
  it('event ids decode to the number they were encoded from, and only as their own kind', () => {
    const ids = eventIds('epoch', scope);
    fc.assert(
      fc.property(numbers, fc.constantFrom('event', 'position', 'asc', 'desc'), (seq, kind) => {
        const id = ids.encode(seq, kind);
        expect(id).to.satisfy(isEventId);
        for (const other of ['event', 'position', 'asc', 'desc'] as const) {
          expect(ids.decode(id, other)).to.equal(other === kind ? seq : undefined);
        }
      }),
    );
  });

  it('the id of an event is the same in every process, and the id of a position differs at each encoding', () => {
    const one = new EventIds(eventIds('epoch', scope).key);
    const two = eventIds('epoch', scope);
    expect(one.encode(7)).to.equal(two.encode(7));
    const positions = Array.from({ length: 100 }, () => one.encode(7, 'position'));
    expect(new Set(positions).size).to.equal(100);
  });

  it('event ids do not decode for another workflow, workspace or epoch, or for the whole store', () => {
    const others = [
      eventIds('epoch', { ...scope, workflowID: 'WF' }),
      eventIds('epoch', { ...scope, workspaceID: 'other' }),
      eventIds('epoch', { workspaceID: 'ws"', workflowID: ',"wf' }),
      eventIds('other', scope),
      eventIds('epoch', {}),
    ];
    fc.assert(
      fc.property(numbers, (seq) => {
        const id = eventIds('epoch', scope).encode(seq);
        for (const other of others) expect(other.decode(id, 'event', 'position', 'asc', 'desc')).to.equal(undefined);
      }),
    );
  });

  it('event ids reveal neither their numbers nor their order', () => {
    const ids = eventIds('epoch', scope);
    const encoded = Array.from({ length: 1_000 }, (_, seq) => ids.encode(seq));
    // About half of all neighbours ascend if the order is hidden; 5 standard deviations are 80.
    const ascending = encoded.filter((id, i) => i > 0 && id > String(encoded[i - 1])).length;
    expect(ascending).to.be.within(420, 580);
    const prefixes = new Set(encoded.map((id) => id.slice(0, 6)));
    expect(prefixes.size).to.equal(1_000);
  });

  it('an id of random bytes decodes to nothing', () => {
    const ids = eventIds('epoch', scope);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const id = Buffer.from(bytes).toString('base64url');
        expect(ids.decode(id, 'event', 'position', 'asc', 'desc')).to.equal(undefined);
      }),
    );
  });
});
