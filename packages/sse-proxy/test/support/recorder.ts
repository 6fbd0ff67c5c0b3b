import type { SseObserver } from '../../src/types.ts';

/** Every hook there is. */
export const hooks = [
  'onOpen',
  'onClose',
  'onRefuse',
  'onUpstreamLost',
  'onResume',
  'onGap',
  'onEvict',
  'onError',
] as const;

/** An observer that records all calls of its hooks, in order. */
export function recorder() {
  const told: { hook: string; context: Record<string, unknown> }[] = [];
  const observer: SseObserver = Object.fromEntries(
    hooks.map((hook) => [hook, (context: Record<string, unknown>) => void told.push({ hook, context })]),
  );
  const of = (hook: string) => told.filter((one) => one.hook === hook).map(({ context }) => context);
  return { observer, told, of, names: () => told.map(({ hook }) => hook) };
}

const changed = (value: unknown) => (typeof value === 'boolean' ? !value : typeof value === 'number' ? 418 : 'changed');

/** An observer that tries to change everything that its hooks are passed. */
export const vandal: SseObserver = Object.fromEntries(
  hooks.map((hook) => [
    hook,
    (context: { error?: object; stream?: object }) => {
      for (const given of [context, context.error, context.stream]) {
        for (const [name, value] of Object.entries(given ?? {})) Reflect.set(given as object, name, changed(value));
      }
    },
  ]),
);
