import { limits } from './scenario.ts';
import type { Script } from './script.ts';

/** What makes one alert fire. */
export interface Fault {
  /** The alerts that fire, and no others. */
  readonly firing: readonly string[];
  /** How long the fault has to last until they do, in minutes. */
  readonly minutes: number;
  /** Begins the fault. */
  begin?(script: Script): Promise<void>;
  /** True if nothing is left of the fault after `begin`: scrapes of a busy machine may miss it. */
  readonly isMomentary?: boolean;
  /** How often `again` is called in 15 seconds. @defaultValue 1 */
  readonly times?: number;
  /** Is repeated while the fault lasts. Two of them may run at the same time. */
  again?(script: Script): Promise<void>;
}

/** The scripted faults: title → what it does and what must fire. The runbook names them. */
export const faults = {
  'all is well': {
    firing: [],
    minutes: 12,
    async begin(script) {
      const stream = await script.open();
      await script.send(stream, true);
      await script.leave(stream);
      await script.send(await script.open({ headers: { 'Last-Event-ID': '1' } }), true);
    },
  },
  'the upstream can’t be reached': {
    firing: ['SseErrors'],
    minutes: 5,
    async again(script) {
      for (let n = 0; n < 2; n++) await script.refused({ route: 'gone' }, 'upstream', 'ERR_SSE_UPSTREAM_CONNECT');
    },
  },
  'more than 100 streams are open': {
    firing: ['SseTooManyConnections'],
    minutes: 6,
    async begin(script) {
      for (let n = 0; n < 101; n++) await script.open();
    },
  },
  'the upstream sends an event over maxEventBytes': {
    firing: ['SseGaps'],
    minutes: 1,
    isMomentary: true,
    async begin(script) {
      await script.exceedEvent(await script.open());
    },
  },
  'browsers come back all the time': {
    firing: ['SseReconnectStorm'],
    minutes: 2.25,
    times: 8,
    async again(script) {
      const comeBack = () => script.open({ headers: { 'Last-Event-ID': '1' } });
      const streams = await Promise.all(Array.from({ length: 10 }, comeBack));
      await Promise.all(streams.map((stream) => script.leave(stream)));
    },
  },
  'browsers read too slowly': {
    firing: ['SseSlowBrowsers'],
    minutes: 1,
    isMomentary: true,
    async begin(script) {
      await script.evict(8);
    },
  },
  'a limit is reached': {
    firing: ['SseLimitReached'],
    minutes: 5,
    async begin(script) {
      for (let n = 0; n < limits.perUser; n++) await script.open({ user: 'many-tabs' });
    },
    async again(script) {
      for (let n = 0; n < 2; n++) await script.refused({ user: 'many-tabs' }, 'limit', 'ERR_SSE_LIMIT_KEY', 'user');
    },
  },
  'Redis can’t be used': {
    firing: ['SseRedisAway'],
    minutes: 6,
    async begin(script) {
      await script.openRelayed();
      await script.loseRedis();
    },
  },
  'the event loop is blocked': {
    firing: ['SseEventLoopBlocked'],
    minutes: 3,
    isMomentary: true,
    async begin() {
      // The monitor counts the time between two runs of its timer: one has to come before the block.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const end = performance.now() + 700;
      while (performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
  },
} as const satisfies Record<string, Fault>;
