import { type LevelGroup, levelGroup } from '../log.ts';
import './level-badge.css';

const appearances = {
  DEBUG: 'secondary',
  INFO: 'primary',
  WARN: 'warning',
  ERROR: 'alert',
  OTHER: 'secondary',
} as const satisfies Record<LevelGroup, string>;

/** Shows a level by its name and the colour of its group. An unknown level gets a neutral colour. */
export function LevelBadge({ level }: { level: string }) {
  // The design system's classes without its component: a list has hundreds of them.
  return <span className={`Badge Badge--subtle-${appearances[levelGroup(level)]} level-badge`}>{level}</span>;
}
