import { expect } from 'chai';
import { until } from '../../sse-proxy/test/support/until.ts';
import { EventLoopDelay } from '../src/metrics/event-loop-delay.ts';

describe('EventLoopDelay', () => {
  const { now } = performance;
  const shift = (ms: number) => {
    performance.now = () => now.call(performance) + ms;
  };
  afterEach(() => {
    performance.now = now;
  });

  /** Blocks the event loop once the monitor's timer has run, which counts the time since. */
  async function block(delay: EventLoopDelay, ms: number): Promise<void> {
    await until(() => delay.read() > 0);
    const end = now.call(performance) + ms;
    while (now.call(performance) < end);
  }

  it('EventLoopDelay reports a block that ends in the turn in which a window ends', async () => {
    const delay = new EventLoopDelay();
    await block(delay, 300);
    shift(10_000);
    delay.read();
    await until(() => delay.read() > 250);
  });

  it('EventLoopDelay forgets a block after two windows', async () => {
    const delay = new EventLoopDelay();
    await block(delay, 300);
    await until(() => delay.read() > 250);
    shift(10_000);
    expect(delay.read()).to.be.above(250);
    expect(delay.read()).to.be.above(250);
    shift(20_000);
    delay.read();
    expect(delay.read()).to.be.below(250);
  });
});
