import { addressWith, go, isPlainClick } from '../address.ts';
import { maxTextChars } from '../filters/log-filter.ts';
import { setFilters } from '../filters/use-filters.ts';
import type { Log } from '../log.ts';
import { readAnsi } from '../text/ansi.ts';
import { CopyButton, LevelBadge, useTime } from '../ui/index.ts';
import './log-details.css';

/** All fields of a log. */
export function LogDetails({ id, log, link }: { id: string; log: Log; link: () => string }) {
  const { format, zone } = useTime();
  const around = { mode: 'stream', around: id, log: undefined };
  const { stageName: stage } = log;
  const message = readAnsi(log.message).text;
  const { execID: run } = log.meta;
  /** Shows the page that the filter selects, without this log. */
  const only = (change: Parameters<typeof setFilters>[0]) => {
    go({ log: undefined });
    setFilters(change);
  };
  const json = JSON.stringify(log, null, 2);
  return (
    <div className="details">
      <p className="details-head">
        <LevelBadge level={log.logLevel} />
        <time dateTime={log.isoTime}>
          {format(log.meta.timestamp)} {zone === 'utc' ? 'UTC' : 'local'}
        </time>
      </p>
      <p className="details-message">{message}</p>
      {log.description && <p className="details-description">{log.description}</p>}
      <dl className="details-facts">
        <Fact name="Stage" value={log.stageName} />
        <Fact name="Duration" value={log.duration} />
        <Fact name="Type" value={log.logType} />
        <Fact name="Run" value={log.meta.execID} />
      </dl>
      <div className="details-filters">
        <a
          className="details-context"
          href={addressWith(around)}
          onClick={(event) => {
            if (!isPlainClick(event)) return;
            event.preventDefault();
            go(around, { cameFrom: 'normal' });
          }}
        >
          View in context
        </a>
        <button
          type="button"
          className="option"
          title="Shows the logs of all runs with this message"
          onClick={() => only({ text: message.slice(0, maxTextChars), run: '', stage: '' })}
        >
          Find this text
        </button>
        {run && (
          <button type="button" className="option" onClick={() => only({ run })}>
            {`Only run ${run}`}
          </button>
        )}
        {stage && (
          <button type="button" className="option" onClick={() => only({ stage })}>
            {`Only ${stage}`}
          </button>
        )}
      </div>
      <div className="details-actions">
        <h3 className="details-title">JSON</h3>
        <CopyButton label="Copy JSON" text={() => json} />
        <CopyButton label="Copy link" text={link} icon="link" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <pre className="details-json" tabIndex={0}>
        {json}
      </pre>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | undefined }) {
  if (!value) return null;
  return (
    <div className="details-fact">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
