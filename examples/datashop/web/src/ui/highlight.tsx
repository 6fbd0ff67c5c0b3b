import { Fragment } from 'react';

/** Marks every occurrence of `search` in the text. Ignores case, as the log service's search does. */
export function Highlight({ text, search }: { text: string; search: string }) {
  const wanted = search.toLowerCase();
  const lower = text.toLowerCase();
  // Lower case of another length would shift the marks, so none are shown.
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
