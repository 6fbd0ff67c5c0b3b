import './skeleton.css';

const skeletonLines = Array.from({ length: 40 }, (_, index) => index);

/** Placeholder while the first page loads. */
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
