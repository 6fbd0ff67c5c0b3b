import { Dialog } from '../ui/index.ts';
import { prefer } from './state/commands.ts';
import { useViewer, useViewState } from './state/context.tsx';

const shortcuts = [
  ['/', 'Find in lines'],
  ['Enter', 'In the find box: next line that was found, which is an older one'],
  ['Shift+Enter', 'In the find box: previous line that was found'],
  ['Esc', 'In the find box: find nothing'],
  ['Tab', 'Into the list, to one of its lines'],
  ['↓ ↑', 'To the next and to the previous line'],
  ['Enter', 'On a line: open and close it'],
  ['Shift+↓ ↑', 'On a line: select lines; a click with Shift does the same'],
  ['Ctrl+C', 'Copy the selected lines as text, oldest first'],
  ['Home, End', 'In the list: to its first and its last line; at the newest it follows'],
  ['p', 'Pause, and go on at the newest line'],
  ['e', 'To the next error'],
  ['Shift+E', 'To the previous error'],
  ['?', 'This help'],
] as const;

const singleKeys = shortcuts
  .map(([keys]) => keys)
  .filter((keys) => keys.length === 1)
  .join(' ');

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const viewer = useViewer();
  const { keys } = useViewState();
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <label className="Stream-keys">
        <input type="checkbox" checked={keys} onChange={({ target }) => prefer(viewer, { keys: target.checked })} />
        Single keys are shortcuts: {singleKeys}
      </label>
      <dl className="Stream-shortcuts">
        {shortcuts.map(([keys, does]) => (
          <div key={does}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="Stream-quiet">
        The list follows the newest line until you pause it, scroll away, open a line or select text. What comes
        meanwhile is counted on a button above the list that leads back.
      </p>
    </Dialog>
  );
}
