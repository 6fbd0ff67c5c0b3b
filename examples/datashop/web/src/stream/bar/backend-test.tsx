import { Button } from '@innovaccer/design-system';
import { useState } from 'react';
import { type BackendTest as Result, testBackend } from '../../api.ts';
import { useViewer } from '../state/context.tsx';

const statusTexts: Record<string, string> = {
  ready: 'Backend and log service answer',
  'upstream-down': 'The backend answers, the log service does not',
  draining: 'The backend is restarting',
  unreachable: 'The backend does not answer',
};

const say = ({ status, ms }: Result) => `${statusTexts[status] ?? status} · ${ms} ms`;

/** Tells a broken stream from a broken backend. */
export function BackendTest() {
  const { signal } = useViewer();
  const [result, setResult] = useState<Result | 'asking' | null>(null);
  const test = async () => {
    setResult('asking');
    try {
      setResult(await testBackend(signal));
    } catch {
      // Only an abort gets here: nobody waits for the answer any more.
    }
  };
  return (
    <>
      <span className="Stream-test" role="status">
        {result !== null && result !== 'asking' && (
          <span className={result.ok ? 'Stream-ok' : 'Stream-problem'}>{say(result)}</span>
        )}
      </span>
      <Button size="tiny" appearance="transparent" disabled={result === 'asking'} onClick={() => void test()}>
        Test backend
      </Button>
    </>
  );
}
