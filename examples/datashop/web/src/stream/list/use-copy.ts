import { type ClipboardEvent, useCallback } from 'react';
import type { Row } from '../logic/row.ts';
import { selectedRows, textOfRows } from '../logic/selection.ts';
import { useViewer } from '../state/context.tsx';

/**
 * Copies the selected lines, or those that a selection of text spans, as clean text. Text within one line is copied as
 * it is.
 *
 * @returns the handler of the event `copy`
 */
export function useCopy(rowAt: (index: number) => Row | undefined): (event: ClipboardEvent) => void {
  const viewer = useViewer();
  return useCallback(
    (event) => {
      const rows = spannedRows(event.currentTarget, rowAt) ?? chosenRows();
      if (rows.length === 0) return;
      event.clipboardData.setData('text/plain', textOfRows(rows));
      event.preventDefault();

      function chosenRows(): Row[] {
        const { selection } = viewer.viewState.get();
        const isText = getSelection()?.isCollapsed === false;
        return selection === null || isText ? [] : selectedRows(viewer.live.get().view.rows, selection);
      }
    },
    [viewer, rowAt],
  );
}

/** The rows of a text selection that spans several rows, oldest first; undefined without such a selection. */
function spannedRows(list: Element, rowAt: (index: number) => Row | undefined): Row[] | undefined {
  const selection = getSelection();
  if (selection === null || selection.isCollapsed) return undefined;
  const selected = [...list.querySelectorAll<HTMLElement>('[data-testid=line][data-index]')]
    .filter((element) => selection.containsNode(element, true))
    .map((element) => rowAt(Number(element.dataset.index)))
    .filter((row) => row !== undefined);
  return selected.length > 1 ? selected.sort((a, b) => a.place - b.place) : undefined;
}
