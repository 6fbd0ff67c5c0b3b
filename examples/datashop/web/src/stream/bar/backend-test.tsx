import { Button } from '@innovaccer/design-system';
import { useState } from 'react';
import { type BackendTest as Result, testBackend } from '../../api.ts';
import { useViewer } from '../state/context.tsx';

const statusTexts: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ready: 'Backend and log service respond',
    'upstream-down': 'The backend responds, the log service does not',
    draining: 'The backend is restarting',
    unreachable: 'The backend does not respond',
  }),
);

const resultText = ({ status, ms }: Result) => `${statusTexts.get(status) ?? status} · ${ms} ms`;

/** A button that shows whether the BFF and the log service respond, to distinguish their failure from one of the stream. */
export function BackendTest() {
  const { signal } = useViewer();
  const [result, setResult] = useState<Result | 'asking' | null>(null);
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
