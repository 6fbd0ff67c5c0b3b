import './icon-button.css';
import { Glyph } from './glyph.tsx';

export interface IconButtonProps {
  icon: string;
  label: string;
  onClick: () => void;
  size?: number;
}

/** A button without text has a name all the same: the design system's own has none. */
export function IconButton({ icon, label, onClick, size = 20 }: IconButtonProps) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Glyph name={icon} size={size} />
    </button>
  );
}
