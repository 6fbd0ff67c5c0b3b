import { levelGroups } from '../log.ts';
import { Dialog, useTime } from '../ui/index.ts';
import { bucketCount, type Span, timesOf, totalAt, type Volume } from './volume.ts';

/** The numbers of the chart. Buckets without lines are left out. */
export function VolumeTable({
  volume,
  onSelect,
  onClose,
}: {
  volume: Volume;
  onSelect: (span: Span) => void;
  onClose: () => void;
}) {
  const { format } = useTime();
  const buckets = Array.from({ length: bucketCount(volume) }, (_, bucket) => bucket).filter(
    (bucket) => totalAt(volume, bucket) > 0,
  );
  const groups = levelGroups.filter((group) => volume.counts[group].some((lines) => lines > 0));
  return (
    <Dialog title="Lines over time" onClose={onClose}>
      <table className="volume-table">
        <thead>
          <tr>
            <th scope="col">From</th>
            {groups.map((group) => (
              <th key={group} scope="col">
                {group === 'OTHER' ? 'Other' : group}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {buckets.map((bucket) => {
            const { from } = timesOf(volume, { first: bucket, last: bucket });
            return (
              <tr key={bucket}>
                <th scope="row">
                  <button
                    type="button"
                    className="link-button"
                    onClick={() => {
                      onSelect({ first: bucket, last: bucket });
                      onClose();
                    }}
                  >
                    {format(from).slice(0, 19)}
                  </button>
                </th>
                {groups.map((group) => (
                  <td key={group}>{volume.counts[group][bucket]!.toLocaleString('en')}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </Dialog>
  );
}
