import { useLayoutEffect } from 'react';
import { Segmented } from './segmented.tsx';
import { read, useStored } from './stored.ts';

const themes = ['light', 'dark', 'system'] as const;
const storageKey = 'datashop.theme';

type Theme = (typeof themes)[number];

/** Call before the first paint, so that a reload in the dark theme does not flash white. */
export function applyStoredTheme(): void {
  apply(read(storageKey, themes) ?? 'system');
}

/** Sets the attribute that the style sheet reads. Without it the style sheet follows the system. */
function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function ThemeSwitch() {
  const [theme, setTheme] = useStored<Theme>(storageKey, 'system', themes);
  useLayoutEffect(() => apply(theme), [theme]);
  return (
    <Segmented
      legend="Theme"
      name="theme"
      value={theme}
      onChange={setTheme}
      options={[
        { value: 'light', label: 'Light', icon: 'light_mode' },
        { value: 'dark', label: 'Dark', icon: 'dark_mode' },
        { value: 'system', label: 'As the system', icon: 'contrast' },
      ]}
    />
  );
}
