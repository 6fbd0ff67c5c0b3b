import { useCallback } from 'react';
import { nextHit } from '../logic/hits.ts';
import { useViewer } from '../state/context.tsx';

/** @returns the function that goes to the next error in the direction of the list (true) or against it, and around the ends */
export function useErrorSteps(): (isDown: boolean) => void {
  const viewer = useViewer();
  return useCallback(
    (isDown) => {
      const { hit, follow, order } = viewer.viewState.get();
      const errors = viewer.live.get().view.rows.filter(({ group, line }) => line !== null && group === 'ERROR');
      const from = hit ?? (follow.following ? null : viewer.top);
      // If the row at the top is an error itself, go there first.
      const isFirst = hit === null && from !== null && errors.includes(from);
      const next = isFirst ? from : nextHit(errors, from, order === 'newest-first' ? isDown : !isDown);
      if (next === null) viewer.notify({ tone: 'info', title: 'There is no error among the lines shown' });
      else viewer.goTo(next, { hit: next });
    },
    [viewer],
  );
}
