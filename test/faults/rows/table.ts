import { launchBrowser } from '../../e2e/support/browser.ts';
import type { Row } from '../support/row.ts';
import type { Mode } from '../support/scene.ts';
import { allAtOnce } from './all-at-once.ts';
import * as browsers from './browsers.ts';
import * as chromium from './chromium.ts';
import * as deploy from './deploy.ts';
import * as fleet from './fleet.ts';
import * as identities from './identities.ts';
import * as middleware from './middleware.ts';
import * as mustShow from './must-show.ts';
import * as processes from './processes.ts';
import * as slow from './slow-one.ts';
import * as upstream from './upstream.ts';
import * as answers from './upstream-answers.ts';
import * as connects from './upstream-connects.ts';
import * as everyday from './upstream-everyday.ts';
import * as ids from './upstream-ids.ts';
import * as streams from './upstream-streams.ts';

/** Every row, in the contract's order; then the must-shows, which are no rows of the contract. */
export const table: readonly Row[] = [
  upstream.finInFraming,
  upstream.cleanEnd,
  everyday.finite,
  upstream.resetMidEvent,
  upstream.refusedAtFirst,
  upstream.killedAndRestarted,
  upstream.halfOpen,
  connects.connectBlackhole,
  connects.headersNeverFinish,
  streams.dribble,
  streams.flood,
  streams.newEpoch,
  streams.repeated,
  answers.busyAtResume,
  answers.awayTooLong,
  ...answers.neverAtResume,
  connects.badTlsAtResume,
  connects.dnsChanges,
  browsers.stopsReading,
  browsers.vanishes,
  browsers.churn,
  browsers.storm,
  browsers.joinDuringResume,
  processes.loopStalls,
  processes.clockJumps,
  processes.fdsRunOut,
  processes.smallHeap,
  deploy.terminated,
  deploy.proxyKilled,
  deploy.proxyKilledInFlow,
  processes.hooksFail,
  processes.logBlocked,
  fleet.redisKilled,
  fleet.redisStopped,
  fleet.redisLosesTail,
  fleet.redisFlushed,
  fleet.readerPaused,
  browsers.trimmed,
  browsers.trimmedFar,
  browsers.trimmedAssigned,
  fleet.streamTrimmed,
  deploy.behindNginx,
  deploy.behindGzip,
  ids.sharedIds,
  ids.idsBeginAnew,
  everyday.finiteSlow,
  everyday.lateHead,
  everyday.largeEvent,
  everyday.hangs,
  middleware.writeWrapped,
  middleware.leftBefore,
  identities.tenantChanges,
  identities.manyKeys,
  answers.movedAtResume,
  identities.staleToken,
  mustShow.brokenManyTimes,
  mustShow.manyComeAndGo,
  inChromium('native EventSource: limit reached', 'dedicated', chromium.limitReached),
  inChromium('native EventSource: upstream down for longer than maxOutageMs', 'shared', chromium.upstreamDown),
  inChromium('native EventSource: deploy (drain, restart)', 'shared', chromium.deployed),
  slow.oneStopsReading,
  slow.floodOnOneStopped,
  allAtOnce,
];

function inChromium(fault: string, mode: Mode, run: chromium.PageRun): Row {
  return {
    label: 'M3',
    fault,
    modes: [mode],
    async run() {
      const { browser, close } = await launchBrowser();
      try {
        return await run(browser);
      } finally {
        await close();
      }
    },
  };
}
