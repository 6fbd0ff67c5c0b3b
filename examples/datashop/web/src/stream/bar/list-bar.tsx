import { IconButton } from '../../ui/index.ts';
import { pauseText } from '../logic/follow.ts';
import { prefer } from '../state/commands.ts';
import { useViewer, useViewState } from '../state/context.tsx';
import { JumpButton } from './jump-button.tsx';
import './list-bar.css';
import { SelectionTools } from './selection-tools.tsx';

export interface ListBarProps {
  stepToError: (isDown: boolean) => void;
  onHelp: () => void;
  /** True: shows only the controls for how lines look. */
  isPlain: boolean;
}

/** What the list does and how it looks. The button to new lines has its place here, so that it covers none. */
export function ListBar({ stepToError, onHelp, isPlain }: ListBarProps) {
  const viewer = useViewer();
  const { follow, order, wrap, compact, volume } = useViewState();
  const isPaused = !follow.following;
  const why = pauseText(follow);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div className="list-bar" role="group" aria-label="List">
      {!isPlain && (
        <>
          <button
            type="button"
            className="option"
            aria-pressed={isPaused}
            aria-keyshortcuts="p"
            aria-describedby={why === '' ? undefined : 'list-bar-why'}
            title="Keeps the lines in place while new ones arrive (p)"
            onClick={() => viewer.togglePause()}
          >
            Pause
          </button>
          <JumpButton />
          <SelectionTools />
          {why !== '' && (
            <span id="list-bar-why" className="list-bar-why" title={why}>
              {why}
            </span>
          )}
        </>
      )}
      <div className="list-bar-end">
        {!isPlain && (
          <span className="list-bar-errors">
            Errors
            <IconButton
              icon="keyboard_arrow_up"
              label="Previous error (Shift+E)"
              size={16}
              onClick={() => stepToError(false)}
            />
            <IconButton icon="keyboard_arrow_down" label="Next error (e)" size={16} onClick={() => stepToError(true)} />
          </span>
        )}
        <button
          type="button"
          className="option"
          aria-pressed={order === 'oldest-first'}
          title="The newest line is at the end of the list"
          onClick={() => prefer(viewer, { order: order === 'newest-first' ? 'oldest-first' : 'newest-first' })}
        >
          Oldest first
        </button>
        <button type="button" className="option" aria-pressed={wrap} onClick={() => prefer(viewer, { wrap: !wrap })}>
          Wrap
        </button>
        <button
          type="button"
          className="option"
          aria-pressed={compact}
          onClick={() => prefer(viewer, { compact: !compact })}
        >
          Compact
        </button>
        {!isPlain && (
          <button
            type="button"
            className="option"
            aria-pressed={volume}
            title="Lines by level over time"
            onClick={() => prefer(viewer, { volume: !volume })}
          >
            Volume
          </button>
        )}
        <IconButton icon="keyboard" label="Keyboard shortcuts (?)" size={20} onClick={onHelp} />
      </div>
    </div>
  );
}
