'use client';
import React from 'react';
import { createEventStream } from './event-stream.ts';
import { pickLiveOptions } from './options.ts';
import { useStreamSnapshot } from './react/use-snapshot.ts';
import type { EventParser, EventStream, EventStreamOptions, StreamSnapshot } from './types.ts';

export { shallowEqual, useStreamSnapshot } from './react/use-snapshot.ts';

type Texts = Record<string, string>;
type MethodName = 'connect' | 'disconnect' | 'retryNow' | 'seed' | 'fill' | 'clear' | 'reset' | 'wipe';

/** The methods are the same at every render; without a stream they do nothing. */
interface Commands<Values extends object> extends Pick<EventStream<Values>, MethodName> {
  /** The stream itself; null without a URL, on the server, and during the first render. */
  readonly stream: EventStream<Values> | null;
}

/** The snapshot and the methods of the stream. */
export type UseEventStreamResult<Values extends object = Record<string, string>> = StreamSnapshot<Values> &
  Commands<Values>;

/** What `select` returned, and the methods of the stream. */
export interface UseEventStreamSelection<Values extends object, Selected> extends Commands<Values> {
  /** What `select` returned for the current snapshot; the previous value while `isEqual` returns true. */
  readonly selected: Selected;
}

/** Options with which a component renders only when a part of the snapshot changes. */
export interface SelectOptions<Values extends object, Selected> {
  /** Returns the part of the snapshot that the component needs. */
  select: (snapshot: StreamSnapshot<Values>) => Selected;
  /** Compares two selections; {@link shallowEqual} compares the fields of an object. @defaultValue Object.is */
  isEqual?: (a: Selected, b: Selected) => boolean;
}

/**
 * Keeps one stream while the component is mounted. It connects when mounted, unless `autoConnect` is false or the user
 * switched it off. A change of the URL, of `persist.scope`, of `tabs.scope` or of `signal` closes it and creates
 * another one. Changes of the options in `LiveOptions` apply to the same stream, from its next attempt on; options may
 * be written inline.
 *
 * With `select` the component renders only when `selected` changes.
 *
 * @param url null for no stream
 * @throws TypeError for a wrong URL or option, in an effect
 * @example
 * ```tsx
 * const { status, entries, counts, retryNow } = useEventStream('/sse/logs/stream', {
 *   headers: { Authorization: `Bearer ${token}` },
 * });
 * const { selected: total } = useEventStream('/sse/logs/stream', { select: ({ counts }) => counts.total });
 * ```
 */
export function useEventStream(
  url: string | null,
  options?: EventStreamOptions & {
    /** Left out: the component renders at every change of the snapshot. */
    select?: undefined;
  },
): UseEventStreamResult;
export function useEventStream<Values extends object>(
  url: string | null,
  options: EventStreamOptions<Values> & {
    parse: EventParser<Values>;
    /** Left out: the component renders at every change of the snapshot. */
    select?: undefined;
  },
): UseEventStreamResult<Values>;
export function useEventStream<Selected>(
  url: string | null,
  options: EventStreamOptions & SelectOptions<Texts, Selected>,
): UseEventStreamSelection<Texts, Selected>;
export function useEventStream<Values extends object, Selected>(
  url: string | null,
  options: EventStreamOptions<Values> & { parse: EventParser<Values> } & SelectOptions<Values, Selected>,
): UseEventStreamSelection<Values, Selected>;
export function useEventStream(url: string | null, options: object = {}): unknown {
  const { select, isEqual, ...streamOptions } = options as EventStreamOptions & Partial<SelectOptions<Texts, unknown>>;
  const latest = React.useRef(streamOptions);
  latest.current = streamOptions;
  const held = React.useRef<EventStream | null>(null);
  const [made, setMade] = React.useState<{ key: string; signal: unknown; stream: EventStream } | null>(null);
  const { persist, tabs, signal } = streamOptions;
  const key = JSON.stringify([url, persist ? persist.scope : null, tabs ? tabs.scope : null]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the URL and the options that it contains
  React.useEffect(() => {
    if (url === null) return;
    const { autoConnect = true, ...rest } = latest.current;
    const stream = createEventStream(url, { ...rest, autoConnect });
    held.current = stream;
    setMade({ key, signal, stream });
    return () => {
      held.current = null;
      stream.close();
    };
  }, [key, signal]);

  React.useEffect(() => {
    held.current?.setOptions(pickLiveOptions(streamOptions));
  });

  // A stream of another URL or user is not shown under this one.
  const stream = made?.key === key && made.signal === signal ? made.stream : null;
  const selected = useStreamSnapshot(stream, select, isEqual);
  const [methods] = React.useState<Pick<EventStream, MethodName>>(() => ({
    connect: () => held.current?.connect(),
    disconnect: () => held.current?.disconnect(),
    retryNow: () => held.current?.retryNow(),
    seed: (events, seedOptions) => held.current?.seed(events, seedOptions),
    fill: (gapKey, events) => held.current?.fill(gapKey, events) ?? 0,
    clear: () => held.current?.clear(),
    reset: () => held.current?.reset(),
    wipe: () => held.current?.wipe(),
  }));
  const isSelection = select !== undefined;
  return React.useMemo(
    () => ({ ...(isSelection ? { selected } : (selected as StreamSnapshot)), ...methods, stream }),
    [isSelection, selected, methods, stream],
  );
}
