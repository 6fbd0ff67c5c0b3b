import { log } from './viewer.ts';
import { pagesOnly, streamsOnly } from './viewer-gates.ts';
import type { StreamPage } from './viewer-page.ts';
import type { Stage } from './viewer-stage.ts';

/** A state of the page, and how a test reaches it. */
export interface State {
  /** Number of stored logs. @defaultValue 30 */
  stored?: number;
  /** Console messages that are expected on the way. */
  allow?: RegExp;
  /** Runs before the visit. */
  before?(stage: Stage): void;
  query?: string;
  /** Resolves when the page is in the state. */
  reach(viewer: StreamPage, stage: Stage): Promise<unknown>;
}

const serverGone = /status of \d{3}|ERR_INCOMPLETE_CHUNKED_ENCODING/;

const heading = (viewer: StreamPage, name: string) => viewer.page.getByRole('heading', { name }).waitFor();
/** A focused toast is not dismissed by its timer. */
const holdToast = (viewer: StreamPage) =>
  viewer
    .button(/^Dismiss/)
    .first()
    .focus();

const gap = async (viewer: StreamPage, stage: Stage) => {
  await viewer.until('connected');
  stage.say('data: a word without an id\n\n');
  await viewer.untilRows(31);
  stage.cut();
  await viewer.gaps.waitFor();
};

const normal = async (viewer: StreamPage) => {
  await viewer.page.getByRole('link', { name: 'Normal' }).click();
  await viewer.page.getByRole('link', { name: 'Line 30' }).waitFor();
};

/** Every state that a user can see. */
export const pageStates: Record<string, State> = {
  'loading the stored logs': {
    before: (stage) => {
      stage.serviceGate = pagesOnly(() => {});
    },
    reach: (viewer) => viewer.page.locator('[aria-busy=true]').waitFor(),
  },
  'the stored logs can’t be loaded, waiting for the next attempt': {
    allow: serverGone,
    before: (stage) => {
      stage.serviceGate = pagesOnly((req) => void req.socket.destroy());
    },
    reach: (viewer) => heading(viewer, 'The logs could not be loaded'),
  },
  'live without lines': { stored: 0, reach: (viewer) => heading(viewer, 'Waiting for the first line') },
  'disconnected without lines': {
    stored: 0,
    reach: async (viewer) => {
      await viewer.button('Disconnect').click();
      await heading(viewer, 'Disconnected');
    },
  },
  live: { reach: (viewer) => viewer.line(30).waitFor() },
  'live, wrapped, with long and odd lines': {
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      await viewer.button('Wrap').click();
      await stage.append(log(31, { message: `Line 31 ${'x'.repeat(3_000)}`, description: 'why', durationMs: 4_200 }));
      stage.say('data: plain text\n\n');
      await viewer.untilRows(32);
    },
  },
  'without a log service behind the BFF': {
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      stage.serviceGate = streamsOnly(() => {});
      await viewer.reconnect();
      await viewer.until('waiting-upstream');
    },
  },
  'levels other than the four': {
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      for (const level of ['FATAL', 'critical', 'NOTICE']) {
        stage.say(`data: ${JSON.stringify({ logLevel: level, message: level })}\n\ndata: a line behind it\n\n`);
      }
      await viewer.untilRows(36);
    },
  },
  'all filtered out': {
    reach: async (viewer) => {
      await viewer.page.getByRole('searchbox').fill('nowhere');
      await heading(viewer, 'No line passes the filters');
    },
  },
  'matches marked, one of them current': {
    reach: async (viewer) => {
      await viewer.button('Only found').click();
      await viewer.page.getByRole('searchbox').fill('line 2');
      await viewer.page.getByRole('searchbox').press('Enter');
      await viewer.page.locator('.is-current mark').waitFor();
    },
  },
  'an invalid pattern': {
    reach: async (viewer) => {
      await viewer.button('Regular expression').click();
      await viewer.page.getByRole('searchbox').fill('(');
      await viewer.page.getByRole('alert').getByText('Not a valid pattern').waitFor();
    },
  },
  'paused, with new lines and errors': {
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      await viewer.line(29).click();
      await stage.write(8);
      await viewer.jump.getByText('8 new, 2 errors').waitFor();
    },
  },
  'an opened line': {
    reach: async (viewer) => {
      await viewer.line(29).click();
      await viewer.page.getByRole('region', { name: 'Details of the line' }).waitFor();
    },
  },
  'a linked line that is no longer kept': {
    query: '&log=AAAAAAAAAAAAAAAAAAAAAA',
    reach: (viewer) => viewer.page.getByText('no longer kept').waitFor(),
  },
  disconnected: {
    reach: async (viewer) => {
      await viewer.button('Disconnect').click();
      await viewer.until('idle');
    },
  },
  'waiting for the next attempt, with its toast': {
    allow: serverGone,
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      stage.browserGate = (_req, res) => void res.status(503).set('Retry-After', '240').end();
      await viewer.reconnect();
      await viewer.button('Retry now').waitFor();
      await holdToast(viewer);
    },
  },
  'refused, with its toast': {
    allow: serverGone,
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      stage.serviceGate = streamsOnly((_req, res) => void res.status(503).set('Retry-After', '240').end());
      await viewer.reconnect();
      await viewer.until('refused');
      await viewer.toast('No live lines for now').waitFor();
      await holdToast(viewer);
    },
  },
  'ended for good, with its toast': {
    allow: serverGone,
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      stage.serviceGate = (_req, res) => void res.status(404).end();
      await viewer.reconnect();
      await viewer.until('closed');
      await viewer.toast('The server ended the stream').waitFor();
      await holdToast(viewer);
    },
  },
  'connected by hand, with its toast': {
    reach: async (viewer) => {
      await viewer.reconnect();
      await viewer.toast('Connected').waitFor();
      await holdToast(viewer);
    },
  },
  'a gap': { reach: gap },
  'a gap being filled': {
    reach: async (viewer, stage) => {
      await gap(viewer, stage);
      stage.serviceGate = pagesOnly(() => {});
      await viewer.gaps.getByRole('button').click();
      await viewer.gaps.getByText('Loading').waitFor();
    },
  },
  'a gap that can’t be filled now': {
    allow: serverGone,
    reach: async (viewer, stage) => {
      await gap(viewer, stage);
      stage.serviceGate = pagesOnly((req) => void req.socket.destroy());
      await viewer.gaps.getByRole('button').click();
      await viewer.gaps.getByText('Try again').waitFor();
    },
  },
  'polling, because the stream is refused for good': {
    allow: serverGone,
    reach: async (viewer, stage) => {
      await viewer.until('connected');
      stage.serviceGate = streamsOnly((_req, res) => void res.status(404).end());
      await viewer.reconnect();
      await viewer.page.getByText('no live stream').waitFor();
    },
  },
  'oldest first, compact, with selected lines and all filters': {
    query: '&run=4021&not=nothing&from=2026-01-01',
    reach: async (viewer) => {
      await viewer.button('Oldest first').click();
      await viewer.button('Compact').click();
      await viewer.button('Time, run, stage').click();
      await viewer.line(30).getByRole('button').first().focus();
      await viewer.page.keyboard.press('Shift+ArrowUp');
      await viewer.page.getByText('2 lines selected').waitFor();
    },
  },
  'a line in context': {
    reach: async (viewer) => {
      await viewer.line(28).click();
      await viewer.page.getByRole('link', { name: 'View in context' }).click();
      await viewer.page.getByRole('region', { name: 'Lines around a line' }).getByTestId('line').first().waitFor();
    },
  },
  'a time chosen in the lines over time': {
    reach: async (viewer) => {
      await viewer.line(30).waitFor();
      await viewer.page.getByTestId('volume').focus();
      for (const key of ['ArrowLeft', 'ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft']) {
        await viewer.page.keyboard.press(key);
      }
      await viewer.page.locator('.volume-span').waitFor();
    },
  },
  'only the lines of a chosen time': {
    reach: async (viewer) => {
      await viewer.line(30).waitFor();
      await viewer.page.getByTestId('volume').focus();
      for (const key of ['ArrowLeft', 'Shift+ArrowLeft', 'Enter']) await viewer.page.keyboard.press(key);
      await viewer.button('All times').waitFor();
    },
  },
  'the lines over time as a table': {
    reach: async (viewer) => {
      await viewer.line(30).waitFor();
      await viewer.button('The volume as a table').click();
      await viewer.page.getByRole('dialog').waitFor();
    },
  },
  'the connection history': {
    reach: async (viewer) => {
      await viewer.until('connected');
      await viewer.button('History').click();
      await viewer.page.getByRole('dialog').waitFor();
    },
  },
  'the backend tested': {
    allow: serverGone,
    reach: async (viewer, stage) => {
      stage.serviceGate = (req) => void req.socket.destroy();
      await viewer.button('Test backend').click();
      await viewer.page.getByText('the log service does not · ').waitFor();
    },
  },
  'the help dialog': {
    reach: async (viewer) => {
      await viewer.line(30).waitFor();
      await viewer.page.keyboard.press('?');
      await viewer.page.getByRole('dialog').waitFor();
    },
  },
  'far from the newest, with older lines to load': {
    stored: 250,
    reach: async (viewer) => {
      await viewer.page.getByRole('region', { name: 'Log lines' }).press('End');
      await viewer.button('Load older lines').scrollIntoViewIfNeeded();
    },
  },
  'Normal mode while the stream runs': {
    reach: async (viewer, stage) => {
      await viewer.line(30).waitFor();
      await normal(viewer);
      await stage.write(3);
      await viewer.page.getByText('3 new lines').waitFor({ state: 'attached' });
    },
  },
  'Normal mode that can’t load': {
    allow: serverGone,
    reach: async (viewer, stage) => {
      await normal(viewer);
      stage.serviceGate = pagesOnly((req) => void req.socket.destroy());
      await viewer.button('Refresh').click();
      await viewer.page.getByText('The log service did not answer').waitFor();
    },
  },
  'Normal mode with a log opened': {
    reach: async (viewer) => {
      await normal(viewer);
      await viewer.page.getByRole('link', { name: 'Line 30' }).click();
      await viewer.page.locator('.details').waitFor();
    },
  },
  'Normal mode with matches and an invalid range': {
    reach: async (viewer) => {
      await normal(viewer);
      await viewer.page.getByLabel('Search').fill('line');
      await viewer.page.locator('mark').first().waitFor();
      await viewer.page.getByLabel('From (local)').fill('2026-01-15T07:00:02');
      await viewer.page.getByLabel('To (local)').fill('2026-01-15T07:00:01');
      await viewer.page.locator('.field-error').waitFor();
    },
  },
  'Normal mode without a match': {
    reach: async (viewer) => {
      await normal(viewer);
      await viewer.page.getByLabel('Search').fill('nowhere');
      await heading(viewer, 'No logs match');
    },
  },
  'Normal mode with a range before the oldest log': {
    reach: async (viewer) => {
      await normal(viewer);
      await viewer.page.getByLabel('To (local)').fill('2026-01-01T00:00:00');
      await viewer.button('Start at the oldest log').waitFor();
    },
  },
  'signed out': {
    allow: serverGone,
    reach: async (viewer) => {
      await viewer.until('connected');
      await viewer.button('Sign out').click();
      await heading(viewer, 'You are signed out');
    },
  },
  'the session has ended': {
    allow: serverGone,
    reach: async (viewer) => {
      await viewer.until('connected');
      await viewer.page.context().clearCookies();
      await viewer.reconnect();
      await heading(viewer, 'Your session has ended');
    },
  },
};
