import { Framer } from '../../src/sse/framer.ts';

/** What a framer handed on, as byte strings. */
export interface Frames {
  readonly framer: Framer;
  /** Every frame in order; events end in `!`, so that one look tells them from the rest. */
  readonly frames: string[];
  readonly bytes: () => string;
  /** The last frame's that had one. */
  lastId: string | undefined;
  events: number;
}

/** A framer whose output is kept. */
export function framing(maxEventBytes = 1_048_576): Frames {
  const parts: string[] = [];
  const kept: Frames = {
    framer: new Framer(
      {
        onFrames: (source, start, end, events, id) => {
          const bytes = source.toString('latin1', start, end);
          parts.push(bytes);
          kept.frames.push(events ? `${bytes}!` : bytes);
          if (events) kept.events++;
          if (id !== undefined) kept.lastId = id;
          return true;
        },
      },
      maxEventBytes,
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
