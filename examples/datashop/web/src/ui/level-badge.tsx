import { Badge } from '@innovaccer/design-system';
import { isLevel } from '../log.ts';
import './level-badge.css';

const appearances = { DEBUG: 'secondary', INFO: 'primary', WARN: 'warning', ERROR: 'alert' } as const;

/** Shows a level by colour and text. An unknown level gets a neutral colour and its own text. */
export function LevelBadge({ level }: { level: string }) {
  return (
    <Badge subtle appearance={isLevel(level) ? appearances[level] : 'secondary'} className="level-badge">
      {level}
    </Badge>
  );
}
