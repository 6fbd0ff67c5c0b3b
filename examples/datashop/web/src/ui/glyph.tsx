import { Icon } from '@innovaccer/design-system';

/** One of the design system's icons, for the eye only. */
export function Glyph({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <span className="glyph">
      <Icon name={name} size={size} />
    </span>
  );
}
