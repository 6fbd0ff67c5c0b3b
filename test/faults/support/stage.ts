import { cleaner, until as untilTrue } from '../../../packages/sse-proxy/test/support/until.ts';

const { add, clean } = cleaner();
let scenes = 0;

/** Ends `thing` with the scene. */
export const endWithScene = add;

/** Ends everything that scenes have started, and what still waits for them. For `afterEach`. */
export async function endScenes(): Promise<void> {
  scenes++;
  await clean();
}

/** Resolves as soon as `condition` holds; rejects when the scene is over before. */
export function until(condition: () => boolean): Promise<true> {
  const scene = scenes;
  return untilTrue((): true | false => {
    if (scene !== scenes) throw new Error('the scene ended before what was waited for came');
    return condition();
  });
}
