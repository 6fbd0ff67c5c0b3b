import { Button } from '@innovaccer/design-system';
import { useEffect, useState } from 'react';
import { type BackendTest as Result, testBackend } from '../../api.ts';
import { useViewer } from '../state/context.tsx';

const statusTexts: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ready: 'Backend and log service respond',
    'upstream-down': 'The backend responds, the log service does not',
    draining: 'The backend is restarting',
    unreachable: 'The backend can’t be reached',
    silent: 'The backend has not responded for 5 s',
  }),
);

/** How long a result is shown, in milliseconds: it tells about the moment of the test only. */
const shownMs = 15_000;

const resultText = ({ status, ms }: Result) => `${statusTexts.get(status) ?? status} · ${ms} ms`;

/**
 * A button that shows whether the BFF and the log service respond, to distinguish their failure from one of the stream.
 */
export function BackendTest() {
  const { signal } = useViewer();
  const [result, setResult] = useState<Result | 'asking' | null>(null);
  useEffect(() => {
    if (result === null || result === 'asking') return;
    const timer = setTimeout(() => setResult(null), shownMs);
    return () => clearTimeout(timer);
  }, [result]);
  const test = async () => {
    setResult('asking');
    try {
      setResult(await testBackend(signal));
    } catch {
      // testBackend() only rejects when it is aborted, because the viewer was closed.
    }
  };
  return (
    <>
      <span className="Stream-test" role="status">
        {result !== null && result !== 'asking' && (
          <span className={result.ok ? 'Stream-ok' : 'Stream-problem'}>{resultText(result)}</span>
        )}
      </span>
      <Button size="tiny" appearance="transparent" disabled={result === 'asking'} onClick={() => void test()}>
        Test backend
      </Button>
    </>
  );
}
