import './icon-button.css';
import { Glyph } from './glyph.tsx';

export interface IconButtonProps {
  icon: string;
  label: string;
  onClick: () => void;
  size?: number;
}

/** A button with an icon and an accessible name, which the design system's icon button lacks. */
export function IconButton({ icon, label, onClick, size = 20 }: IconButtonProps) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Glyph name={icon} size={size} />
    </button>
  );
}
