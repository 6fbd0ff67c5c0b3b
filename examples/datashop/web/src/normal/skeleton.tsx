import './skeleton.css';

const skeletonLines = Array.from({ length: 40 }, (_, index) => index);

/** The outline of a page of logs, until the first one is here. */
export function Skeleton() {
  return (
    <div className="skeleton" aria-busy="true">
      <p className="unseen" role="status">
        Loading logs
      </p>
      {skeletonLines.map((line) => (
        <div key={line} className="skeleton-line" aria-hidden="true">
          <span className="skeleton-bar skeleton-bar--time" />
          <span className="skeleton-bar skeleton-bar--level" />
          <span className="skeleton-bar skeleton-bar--message" />
        </div>
      ))}
    </div>
  );
}
