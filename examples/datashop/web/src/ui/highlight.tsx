import { Fragment } from 'react';

/** The text with every occurrence of what was searched for marked; case does not count, as in the search itself. */
export function Highlight({ text, search }: { text: string; search: string }) {
  const wanted = search.toLowerCase();
  const lower = text.toLowerCase();
  // A letter whose lower case is longer would shift the marks: better none than wrong ones.
  if (!wanted || lower.length !== text.length) return <>{text}</>;
  const parts = [];
  let end = 0;
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, end)) {
    parts.push(
      <Fragment key={at}>
        {text.slice(end, at)}
        <mark>{text.slice(at, at + wanted.length)}</mark>
      </Fragment>,
    );
    end = at + wanted.length;
  }
  return (
    <>
      {parts}
      {text.slice(end)}
    </>
  );
}
