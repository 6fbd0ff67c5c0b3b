import React from 'react';
import { idleSnapshot } from '../idle-snapshot.ts';
import type { EventStream, StreamSnapshot } from '../types.ts';
import { useStore } from './use-store.ts';

const subscribeToNothing = () => () => {};
const whole = <T>(snapshot: T) => snapshot;

/**
 * Returns the snapshot of a stream, or what `select` returns for it: the component renders again only when that
 * changes. Any number of components may use it with the same stream.
 *
 * @param stream null for none: the snapshot is `idle` then
 * @param isEqual compares two selections; {@link shallowEqual} compares the fields of an object.
 * @defaultValue Object.is
 * @example
 * ```tsx
 * const total = useStreamSnapshot(stream, ({ counts }) => counts.total);
 * ```
 */
export function useStreamSnapshot<Values extends object, Selected = StreamSnapshot<Values>>(
  stream: EventStream<Values> | null,
  select: (snapshot: StreamSnapshot<Values>) => Selected = whole as never,
  isEqual: (a: Selected, b: Selected) => boolean = Object.is,
): Selected {
  const last = React.useRef<{ snapshot: unknown; select: unknown; value: Selected } | null>(null);

  /** Returns the same value until another one is selected. */
  function getSelection(): Selected {
    const snapshot = (stream?.getSnapshot ?? idleSnapshot)() as StreamSnapshot<Values>;
    const before = last.current;
    if (before && before.snapshot === snapshot && before.select === select) return before.value;
    const selected = select(snapshot);
    const value = before && isEqual(before.value, selected) ? before.value : selected;
    last.current = { snapshot, select, value };
    return value;
  }

  return useStore(stream?.subscribe ?? subscribeToNothing, getSelection, getSelection);
}

/**
 * True if two objects have the same fields with the same values. Pass it if `select` returns a new object each time.
 *
 * @example
 * ```tsx
 * const select = ({ status, retryAt }: StreamSnapshot) => ({ status, retryAt });
 * const { status, retryAt } = useStreamSnapshot(stream, select, shallowEqual);
 * ```
 */
export function shallowEqual<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys(a) as (keyof T)[];
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && Object.is(a[key], b[key]))
  );
}
