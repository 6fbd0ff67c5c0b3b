import { Dialog } from '../ui/index.ts';

const shortcuts = [
  ['/', 'Find in lines'],
  ['Enter', 'In the find box: next line that was found, which is an older one'],
  ['Shift+Enter', 'In the find box: previous line that was found'],
  ['Esc', 'In the find box: find nothing'],
  ['Tab', 'Into the list, to one of its lines'],
  ['↓ ↑', 'To the next and to the previous line'],
  ['Enter', 'On a line: open and close it'],
  ['Home', 'In the list: to the newest line, and follow'],
  ['End', 'In the list: to the oldest line'],
  ['?', 'This help'],
] as const;

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
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
        The list follows the newest line until you scroll away, open a line or select text in one. What comes meanwhile
        is counted on a button that leads back.
      </p>
    </Dialog>
  );
}
