import { Badge } from '@innovaccer/design-system';
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
  return (
    <Badge subtle appearance={appearances[levelGroup(level)]} className="level-badge">
      {level}
    </Badge>
  );
}
