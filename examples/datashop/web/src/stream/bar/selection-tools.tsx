import { CopyButton } from '../../ui/index.ts';
import { count } from '../logic/messages.ts';
import { selectedRows, textOfRows } from '../logic/selection.ts';
import { selectNothing } from '../state/commands.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** The number of selected lines, and the button that copies them. */
export function SelectionTools() {
  const viewer = useViewer();
  const { selection } = useViewState();
  const rows = useLive(({ view }) => (selection === null ? null : view.rows));
  if (selection === null || rows === null) return null;
  const selected = selectedRows(rows, selection);
  return (
    <span className="list-bar-selection" role="status">
      {count(selected.length, 'line')} selected
      <CopyButton label="Copy selected" text={() => textOfRows(selected)} />
      <button type="button" className="option" onClick={() => selectNothing(viewer)}>
        Cancel
      </button>
    </span>
  );
}
