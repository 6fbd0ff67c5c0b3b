import { EmptyState } from '@innovaccer/design-system';
import type { ReactNode } from 'react';
import './empty-pane.css';
import { Glyph } from './glyph.tsx';

export interface EmptyPaneProps {
  icon: string;
  title: string;
  description: string;
  /** A screen reader announces `alert` immediately, `status` when it is idle. */
  role?: 'status' | 'alert';
  /** Buttons that resolve the situation. */
  children?: ReactNode;
}

/** Explains, in the middle of an empty area, why there is no content. */
export function EmptyPane({ icon, title, description, role = 'status', children }: EmptyPaneProps) {
  return (
    <div className="empty-pane" role={role}>
      <EmptyState size="small" maxWidth={420}>
        <span className="empty-pane-icon">
          <Glyph name={icon} size={32} />
        </span>
        {/* The design system's own title is always an h4, which would break the heading order. */}
        <h2 className="empty-pane-title">{title}</h2>
        <p className="empty-pane-description">{description}</p>
        {children && <div className="empty-pane-actions">{children}</div>}
      </EmptyState>
    </div>
  );
}
