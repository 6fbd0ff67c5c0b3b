import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const periodMs = 1_000;
/** The most events that a resume replays; older ones are skipped. */
const mostRepeated = 3_600;

/**
 * An upstream to try a proxy with: an event a second, at any path. An event's id is its second since 1970, and its data
 * follow from that, so a client that comes back gets exactly what it missed, also after a restart of this server.
 */
export function demoUpstream(): Server {
  const server = createServer((req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    const stop = sendEachSecond(res, firstFor(req, currentSecond()));
    res.once('close', stop);
  });
  return server;
}

const currentSecond = () => Math.floor(Date.now() / periodMs);

/** The first event to send: without a usable Last-Event-ID the newest one. */
function firstFor(req: IncomingMessage, newest: number): number {
  const last = Number(req.headers['last-event-id'] || Number.NaN);
  if (!Number.isSafeInteger(last)) return newest;
  return Math.max(last + 1, newest + 1 - mostRepeated);
}

function sendEachSecond(res: ServerResponse, first: number): () => void {
  let next = first;
  let timer: NodeJS.Timeout;
  const send = () => {
    let text = '';
    for (const newest = currentSecond(); next <= newest; next += 1) text += eventOf(next);
    // Back pressure: a client that does not read is sent nothing more, and what it missed once it reads again.
    if (text !== '' && !res.write(text)) res.once('drain', send);
    else timer = setTimeout(send, periodMs - (Date.now() % periodMs));
  };
  send();
  return () => clearTimeout(timer);
}

function eventOf(id: number): string {
  const data = { time: new Date(id * periodMs).toISOString(), level: 'INFO', message: `event ${id}` };
  return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
