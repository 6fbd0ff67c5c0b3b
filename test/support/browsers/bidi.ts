import { once } from 'node:events';

/** Sends a command of WebDriver BiDi. Rejects with the browser's message if it fails. */
export type Call = <T = unknown>(method: string, params: object) => Promise<T>;

export interface BidiSocket {
  call: Call;
  close(): void;
}

/** Connects to a browser's WebDriver BiDi endpoint, and begins a session. */
export async function connectBidi(url: string): Promise<BidiSocket> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  socket.addEventListener('message', ({ data }) => {
    const { id, type, result, message } = JSON.parse(data);
    if (type === 'error') pending.get(id)?.reject(new Error(message));
    else pending.get(id)?.resolve(result);
    pending.delete(id);
  });
  let calls = 0;
  const call: Call = <T>(method: string, params: object) => {
    const id = ++calls;
    const settled = Promise.withResolvers<unknown>();
    pending.set(id, settled);
    socket.send(JSON.stringify({ id, method, params }));
    return settled.promise as Promise<T>;
  };
  await call('session.new', { capabilities: {} });
  return { call, close: () => socket.close() };
}

/** A value in the page, as BiDi describes it. */
export interface RemoteValue {
  type: string;
  value?: string;
  sharedId?: string;
}

interface Evaluation {
  type: 'success' | 'exception';
  result?: RemoteValue;
  exceptionDetails?: { text: string };
}

/** Evaluates an expression, and waits if it is a promise. Rejects with the page's exception. */
export async function evaluate(call: Call, context: string, expression: string): Promise<RemoteValue> {
  const { result, exceptionDetails } = await call<Evaluation>('script.evaluate', {
    expression,
    target: { context },
    awaitPromise: true,
  });
  if (!result) throw new Error(`Firefox: ${exceptionDetails?.text}`);
  return result;
}
