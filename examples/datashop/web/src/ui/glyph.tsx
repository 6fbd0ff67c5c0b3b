import { Icon } from '@innovaccer/design-system';

/** One of the design system's icons, for the eye only: its name is the element's text, and no reader should say it. */
export function Glyph({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <span aria-hidden="true" className="glyph">
      <Icon name={name} size={size} />
    </span>
  );
}
