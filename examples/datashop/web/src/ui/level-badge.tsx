import { Badge } from '@innovaccer/design-system';
import { isLevel } from '../log.ts';
import './level-badge.css';

const appearances = { DEBUG: 'secondary', INFO: 'primary', WARN: 'warning', ERROR: 'alert' } as const;

/** A level by colour and by text. One that is not known is shown as it is. */
export function LevelBadge({ level }: { level: string }) {
  return (
    <Badge subtle appearance={isLevel(level) ? appearances[level] : 'secondary'} className="level-badge">
      {level}
    </Badge>
  );
}
