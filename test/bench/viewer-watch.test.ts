import { expect } from 'chai';
import { verdict } from './viewer-watch.ts';

describe("the verdict of the log viewer's benchmark", () => {
  const following = { name: 'following', longestMs: 55, over100: 0 };

  it('the verdict says that no task was too long, if none was', () => {
    expect(verdict([following])).to.equal('No task took more than 100 ms.');
  });

  it('the verdict names each part that had tasks over 100 ms, and by how much the longest was too long', () => {
    const scrolling = { name: 'scrolling by wheel', longestMs: 117, over100: 1 };
    const typing = { name: 'typing a pattern', longestMs: 149, over100: 2 };
    expect(verdict([following, scrolling, typing])).to.equal(
      'Tasks of more than 100 ms: scrolling by wheel 1, up to 117 ms (17 ms too long); ' +
        'typing a pattern 2, up to 149 ms (49 ms too long).',
    );
  });
});
