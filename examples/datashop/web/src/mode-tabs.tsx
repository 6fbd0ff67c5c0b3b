import { addressWith, go, isPlainClick } from './address.ts';
import './mode-tabs.css';
import { StreamBadge } from './stream/index.ts';

export type Mode = 'normal' | 'stream';

const modes = [
  { mode: 'normal', label: 'Normal', patch: { mode: undefined } },
  { mode: 'stream', label: 'Stream', patch: { mode: 'stream' } },
] as const;

/**
 * Links styled as the design system's tabs. Each mode has its own address, and the design system's tabs are not
 * controls for a screen reader.
 */
export function ModeTabs({ mode }: { mode: Mode }) {
  return (
    <nav className="mode-tabs" aria-label="Mode">
      {modes.map(({ mode: other, label, patch }) => (
        <a
          key={other}
          className={`mode-tab Tab Tab--regular ${other === mode ? 'Tab--active' : ''}`}
          href={addressWith(patch)}
          aria-current={other === mode ? 'page' : undefined}
          onClick={(event) => {
            if (!isPlainClick(event)) return;
            event.preventDefault();
            // In a task of its own: removing a page of logs takes as long as rendering one.
            if (other !== mode) setTimeout(() => go(patch));
          }}
        >
          {label}
        </a>
      ))}
      {mode === 'normal' && (
        <div className="mode-tabs-badge">
          <StreamBadge />
        </div>
      )}
    </nav>
  );
}
