import { cleaner, until as untilTrue } from '../../../packages/sse-proxy/test/support/until.ts';

const { add, clean } = cleaner();
let scenes = 0;

/** Ends `thing` with the scene. */
export const endWithScene = add;

/** Ends everything that scenes have started, and rejects what still waits on them. Call it in `afterEach`. */
export async function endScenes(): Promise<void> {
  scenes++;
  await clean();
}

/** Resolves as soon as `condition` holds, or resolves with true; rejects if the scene ends first. */
export function until(condition: () => boolean | Promise<boolean>): Promise<true> {
  const scene = scenes;
  return untilTrue((): boolean | Promise<boolean> => {
    if (scene !== scenes) throw new Error('the scene ended before the condition held');
    return condition();
  });
}
