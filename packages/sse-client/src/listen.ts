type Listening = readonly [target: EventTarget | undefined, type: string, listener: (event: Event) => void];

/** Listens to what there is of a page. Gives the release. */
export function listen(...all: Listening[]): () => void {
  for (const [target, type, listener] of all) target?.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of all) target?.removeEventListener(type, listener);
  };
}
