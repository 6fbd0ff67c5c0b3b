import { Button } from '@innovaccer/design-system';
import { useEffect, useState } from 'react';

/** How long the button shows the outcome, in milliseconds. */
const outcomeShownMs = 2_000;

const SAID = { copied: 'Copied', failed: 'The browser refused' } as const;

export interface CopyButtonProps {
  label: string;
  text: () => string;
  icon?: string;
}

/** Copies text and shows the outcome on the button: a toast would be behind an open dialog. */
export function CopyButton({ label, text, icon = 'content_copy' }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<keyof typeof SAID>();
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(undefined), outcomeShownMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  const onClick = () =>
    navigator.clipboard.writeText(text()).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  return (
    <>
      <Button size="tiny" icon={outcome === 'copied' ? 'check' : icon} onClick={onClick}>
        {outcome ? SAID[outcome] : label}
      </Button>
      <span role="status" className="unseen">
        {outcome && SAID[outcome]}
      </span>
    </>
  );
}
