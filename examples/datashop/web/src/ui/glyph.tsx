import { Icon } from '@innovaccer/design-system';

/** A decorative icon of the design system: the build hides icons from screen readers. */
export function Glyph({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <span className="glyph">
      <Icon name={name} size={size} />
    </span>
  );
}
