import { Input } from '@innovaccer/design-system';
import { useCallback, useEffect, useRef, useState } from 'react';
import { maxTextChars } from '../filters/log-filter.ts';
import { setFilters } from '../filters/use-filters.ts';
import { Field } from '../ui/index.ts';

/** Delay after the last letter, in milliseconds. */
const typingMs = 250;

export function SearchField({ search }: { search: string }) {
  const [text, setText] = useState(search);
  const applied = useRef(search);
  // The address was changed elsewhere: by the back button or "Clear filters".
  if (applied.current !== search) {
    applied.current = search;
    setText(search);
  }
  const apply = useCallback((value: string) => {
    applied.current = value.trim();
    setFilters({ text: applied.current });
  }, []);
  useEffect(() => {
    if (text.trim() === applied.current) return;
    const timer = setTimeout(() => apply(text), typingMs);
    return () => clearTimeout(timer);
  }, [text, apply]);
  return (
    <Field label="Search" className="filters-search">
      {({ id }) => (
        <Input
          id={id}
          name="search"
          icon="search"
          placeholder="Message, stage, detail or run"
          maxLength={maxTextChars}
          autoComplete="off"
          minWidth="0"
          value={text}
          onChange={(event) => setText(event.target.value)}
          // Leaving the field ends the typing: apply immediately.
          onBlur={() => text.trim() !== applied.current && apply(text)}
          onKeyDown={(event: React.KeyboardEvent) => event.key === 'Enter' && apply(text)}
        />
      )}
    </Field>
  );
}
