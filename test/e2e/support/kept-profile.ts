import type { BrowserContextOptions } from 'playwright-core';
import { Profile } from './page.ts';
import { viewerBrowser } from './viewer-browser.ts';

export interface UsedProfile {
  readonly profile: Profile;
  readonly options: BrowserContextOptions;
}

/**
 * The profile of the test before, for the next visitor with the same options: starting another page process is slow.
 */
let kept: UsedProfile | undefined;

/** What `Profile.reset()` leaves as it was. */
const remaining = new Set(['permissions', 'timezoneId']);

/** The kept profile if it has these options, otherwise a new one. */
export async function takeProfile(options: BrowserContextOptions): Promise<UsedProfile> {
  if (kept && JSON.stringify(kept.options) === JSON.stringify(options)) {
    const taken = kept;
    kept = undefined;
    return taken;
  }
  return { profile: await Profile.create(await viewerBrowser(), options), options };
}

/**
 * Keeps the first of the profiles that can be used again, and closes the others.
 *
 * @param quietUrl see `Profile.reset()`
 */
export async function returnProfiles(used: readonly UsedProfile[], quietUrl: string): Promise<void> {
  let isKept = false;
  for (const it of used) {
    const isResettable = !isKept && Object.keys(it.options).every((name) => remaining.has(name));
    // The reset fails if the server of `quietUrl` has ended.
    if (isResettable && (await it.profile.reset(quietUrl).catch(() => false))) {
      await kept?.profile.close();
      kept = it;
      isKept = true;
    } else await it.profile.close();
  }
}
