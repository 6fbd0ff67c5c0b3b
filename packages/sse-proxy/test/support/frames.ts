import { maxLastEventIdBytes, maxRetryMs } from '../../src/config/defaults.ts';
import { Framer, type FramerBounds } from '../../src/sse/framer.ts';

/** What a framer passed on, as byte strings. */
export interface Frames {
  readonly framer: Framer;
  /**
   * Every frame in order; events end in `!`. An event that was discarded is `(too large)`, with its id if it had one.
   */
  readonly frames: string[];
  readonly bytes: () => string;
  /** The id of the last frame that had one. */
  lastId: string | undefined;
  events: number;
}

/** The bounds that a feed gives its framer. */
export function bounds(maxEventBytes: number): FramerBounds {
  return { maxEventBytes, maxIdBytes: maxLastEventIdBytes, maxRetryMs };
}

/** A framer that records what it passes on. */
export function framing(maxEventBytes = 1_048_576): Frames {
  const parts: string[] = [];
  const kept: Frames = {
    framer: new Framer(
      {
        onFrame: (buffer, start, end, events, id) => {
          const bytes = buffer.toString('latin1', start, end);
          parts.push(bytes);
          kept.frames.push(events ? `${bytes}!` : bytes);
          if (events) kept.events++;
          if (id !== undefined) kept.lastId = String(id);
        },
        onOversizedEvent: ({ isEvent, id }) => {
          const name = isEvent ? 'too large' : 'too large, no event';
          kept.frames.push(id === undefined ? `(${name})` : `(${name}: ${id})`);
        },
      },
      bounds(maxEventBytes),
    ),
    frames: [],
    lastId: undefined,
    bytes: () => parts.join(''),
    events: 0,
  };
  return kept;
}

/** Pushes byte strings, one chunk each. */
export function push(kept: Frames, ...chunks: string[]): Frames {
  for (const chunk of chunks) kept.framer.push(Buffer.from(chunk, 'latin1'));
  return kept;
}

/** `bytes`, cut into single bytes. */
export function dribble(bytes: string): string[] {
  return [...bytes];
}
