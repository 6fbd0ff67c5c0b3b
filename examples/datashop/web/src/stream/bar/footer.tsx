import { Button } from '@innovaccer/design-system';
import { type Format, saveFile } from '../../log-file.ts';
import { formatRows } from '../logic/download.ts';
import { useLive, useStream, useViewer } from '../state/context.tsx';

/** The totals, what was dropped, and the download of all lines shown. */
export function Footer() {
  const viewer = useViewer();
  const { counts, persistence } = useStream('counts', 'persistence');
  const { total, original, fresh, dropped } = counts;
  const isEmpty = useLive(({ view }) => view.rows.length === 0);
  const number = (value: number) => value.toLocaleString('en');
  return (
    <footer className="Stream-footer">
      <p className="Stream-total" data-testid="total">
        Total: {number(total)} logs ({number(original)} original + {number(fresh)} new)
      </p>
      {dropped > 0 && (
        <p className="Stream-quiet" data-testid="dropped">
          {number(dropped)} older lines were removed from the list
        </p>
      )}
      {persistence === 'full' && (
        <p
          className="Stream-quiet"
          title="This browser stores no more data for this site. The log service has all lines."
        >
          Storage is full: a reload restores fewer lines
        </p>
      )}
      <div className="Stream-actions">
        {(['text', 'ndjson'] as const).map((format) => (
          <Button
            key={format}
            size="tiny"
            appearance="transparent"
            disabled={isEmpty}
            onClick={() => void download(viewer.live.get().view.rows, format)}
          >
            {format === 'text' ? 'Download text' : 'Download NDJSON'}
          </Button>
        ))}
      </div>
    </footer>
  );
}

async function download(rows: Parameters<typeof formatRows>[0], format: Format): Promise<void> {
  const pieces: Blob[] = [];
  for (const piece of formatRows(rows, format)) {
    // Encode piece by piece, so that the page stays responsive.
    pieces.push(new Blob([piece]));
    await new Promise((resolve) => setTimeout(resolve));
  }
  saveFile(pieces, format);
}
