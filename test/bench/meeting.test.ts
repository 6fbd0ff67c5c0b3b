import { expect } from 'chai';
import { Meeting } from './rounds/meeting.ts';

describe("the benchmark's meetings", () => {
  const turn = () => new Promise(setImmediate);

  /** Names of those that have continued, in order. */
  function goers(meeting: Meeting, ...names: string[]): string[] {
    const gone: string[] = [];
    for (const name of names) void meeting.meet().then(() => gone.push(name));
    return gone;
  }

  it('a meeting continues each time when all participants have arrived', async () => {
    const meeting = new Meeting(2);
    for (let time = 0; time < 2; time++) {
      const first = goers(meeting, 'a');
      await turn();
      expect(first).to.deep.equal([]);
      const second = goers(meeting, 'b');
      await turn();
      expect([first, second]).to.deep.equal([['a'], ['b']]);
    }
  });

  it('a meeting does not wait for participants that have left', async () => {
    const meeting = new Meeting(3);
    const gone = goers(meeting, 'a', 'b');
    await turn();
    expect(gone).to.deep.equal([]);
    meeting.leave();
    await turn();
    expect(gone).to.deep.equal(['a', 'b']);
  });

  it('a meeting does not hold a participant that arrives after all others have left', async () => {
    const meeting = new Meeting(2);
    meeting.leave();
    const gone = goers(meeting, 'a');
    await turn();
    expect(gone).to.deep.equal(['a']);
  });
});
