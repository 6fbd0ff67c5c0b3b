import React from 'react';

type UseStore = <T>(
  subscribe: (listener: () => void) => () => void,
  getSnapshot: () => T,
  getServerSnapshot: () => T,
) => T;

/** For React 16 and 17, which render synchronously, so that a render never sees two states of the store. */
const useStoreBefore18: UseStore = (subscribe, getSnapshot) => {
  const value = getSnapshot();
  const latest = React.useRef({ value, getSnapshot });
  latest.current = { value, getSnapshot };
  const [, render] = React.useState({});
  React.useEffect(() => {
    const check = () => {
      const rendered = latest.current;
      if (!Object.is(rendered.getSnapshot(), rendered.value)) render({});
    };
    // The store may have changed since the render.
    check();
    return subscribe(check);
  }, [subscribe]);
  return value;
};

/** `useSyncExternalStore`. It is read from the default import: bundlers report named imports that React 16 lacks. */
export const { useSyncExternalStore: useStore = useStoreBefore18 } = React as { useSyncExternalStore?: UseStore };
