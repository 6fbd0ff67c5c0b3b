import { useEffect, useState } from 'react';

/** When the next attempt is made. Hidden from screen readers, because it changes every second. */
export function RetryText({ at }: { at: number | null }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (at === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [at]);
  if (at === null) return null;
  return (
    <span className="normal-retry" aria-hidden="true">
      {at > now ? `Next attempt in ${Math.ceil((at - now) / 1_000)} s` : 'Trying again…'}
    </span>
  );
}
