import { EmptyState } from '@innovaccer/design-system';
import type { ReactNode } from 'react';
import './empty-pane.css';
import { Glyph } from './glyph.tsx';

export interface EmptyPaneProps {
  icon: string;
  title: string;
  description: string;
  /** `alert` is said at once. */
  role?: 'status' | 'alert';
  /** What can be done about it. */
  children?: ReactNode;
}

/** Says why there is nothing to see, in the middle of where it would be. */
export function EmptyPane({ icon, title, description, role = 'status', children }: EmptyPaneProps) {
  return (
    <div className="empty-pane" role={role}>
      <EmptyState size="small" maxWidth={420}>
        <span className="empty-pane-icon">
          <Glyph name={icon} size={32} />
        </span>
        {/* Its own title is an h4 wherever it stands. */}
        <h2 className="empty-pane-title">{title}</h2>
        <p className="empty-pane-description">{description}</p>
        {children && <div className="empty-pane-actions">{children}</div>}
      </EmptyState>
    </div>
  );
}
