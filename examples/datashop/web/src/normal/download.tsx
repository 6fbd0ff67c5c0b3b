import { Button } from '@innovaccer/design-system';
import { useEffect, useRef, useState } from 'react';
import { fetchLogs } from '../api.ts';
import { ApiError } from '../api-error.ts';
import type { Log } from '../log.ts';
import { type Format, lineText, saveFile } from '../log-file.ts';
import { readAnsi } from '../text/ansi.ts';
import { useToasts } from '../ui/index.ts';
import { type PageRequest, queryOf } from './filters.ts';

/** Most lines of a file: more would take minutes, and a browser's memory. */
export const maxDownload = 50_000;
const pageSize = 500;

/** Saves all lines that match, not only those of the page. */
export function Download({ filter }: PageRequest) {
  const { notify } = useToasts();
  const [loaded, setLoaded] = useState<number | null>(null);
  const leaving = useRef<AbortController>();
  useEffect(() => () => leaving.current?.abort(), []);

  const download = async (format: Format) => {
    leaving.current = new AbortController();
    const { signal } = leaving.current;
    setLoaded(0);
    try {
      const { pieces, isCut } = await load(filter, format, setLoaded, signal);
      saveFile(pieces, format);
      if (isCut) {
        const detail = `The file has the newest ${maxDownload.toLocaleString('en')}. Choose a shorter time for the others.`;
        notify({ tone: 'warning', title: 'Not all lines are in the file', detail });
      }
    } catch (error) {
      if (signal.aborted) return;
      const detail = error instanceof ApiError ? error.explanation : String(error);
      notify({ tone: 'error', title: 'The lines could not be downloaded', detail });
    }
    setLoaded(null);
  };

  if (loaded !== null) {
    return (
      <div className="pager-download" role="status">
        {loaded.toLocaleString('en')} lines loaded
        <Button
          size="tiny"
          onClick={() => {
            leaving.current?.abort();
            setLoaded(null);
          }}
        >
          Cancel
        </Button>
      </div>
    );
  }
  return (
    <div className="pager-download">
      <Button size="tiny" appearance="transparent" onClick={() => void download('text')}>
        Download text
      </Button>
      <Button size="tiny" appearance="transparent" onClick={() => void download('ndjson')}>
        Download NDJSON
      </Button>
    </div>
  );
}

/** Oldest line first, page by page from the newest. */
async function load(
  filter: PageRequest['filter'],
  format: Format,
  onProgress: (lines: number) => void,
  signal: AbortSignal,
): Promise<{ pieces: Blob[]; isCut: boolean }> {
  const query = queryOf(filter);
  const pieces: Blob[] = [];
  let lines = 0;
  for (let cursor: string | null = ''; cursor !== null && query !== null; ) {
    if (lines >= maxDownload) return { pieces: pieces.reverse(), isCut: true };
    const page = await fetchLogs({ ...query, limit: pageSize, cursor }, signal);
    const texts = page.logs.toReversed().map((log) => `${format === 'text' ? textOf(log) : JSON.stringify(log)}\n`);
    pieces.push(new Blob(texts));
    lines += texts.length;
    onProgress(lines);
    cursor = page.nextCursor;
  }
  return { pieces: pieces.reverse(), isCut: false };
}

function textOf({ logLevel, stageName, message, description, duration, meta }: Log): string {
  return lineText({
    time: meta.timestamp,
    label: logLevel,
    stage: stageName,
    message: readAnsi(message).text,
    description,
    duration,
  });
}
