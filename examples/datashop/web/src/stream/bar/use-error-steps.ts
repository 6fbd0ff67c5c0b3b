import { useCallback } from 'react';
import { nextRow } from '../logic/hits.ts';
import { indexOfRow, type Row } from '../logic/row.ts';
import { useViewer } from '../state/context.tsx';

/**
 * @returns the function that goes to the next error in the direction of the list (true) or against it, and around the
 * ends
 */
export function useErrorSteps(): (isDown: boolean) => void {
  const viewer = useViewer();
  return useCallback(
    (isDown) => {
      const { hit, follow, order } = viewer.viewState.get();
      const { rows } = viewer.live.get().view;
      const from = hit ?? (follow.following ? null : viewer.top);
      // If the row at the top is an error itself, go there first.
      const isFirst = hit === null && from !== null && isError(from) && indexOfRow(rows, from) !== -1;
      const next = isFirst ? from : nextRow(rows, isError, from, order === 'newest-first' ? isDown : !isDown);
      if (next === null) viewer.notify({ tone: 'info', title: 'There is no error among the lines shown' });
      else viewer.goTo(next, { hit: next });
    },
    [viewer],
  );
}

const isError = ({ group, line }: Row) => line !== null && group === 'ERROR';
