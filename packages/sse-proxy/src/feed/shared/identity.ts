import type { UpstreamRequest } from '../../upstream/upstream.ts';
import type { RequestBuilder, SharedRequest } from './shared-request.ts';
import type { SharedSubscription } from './shared-subscription.ts';

const maxCallsPerTurn = 32;
/** How long browsers whose hooks have settled wait for the others, in milliseconds. */
const graceMs = 1_000;

/** Browsers for which the same request goes up now. */
export interface IdentityGroup {
  readonly key: string;
  readonly request: UpstreamRequest;
  readonly subscriptions: SharedSubscription[];
}

/** The result of {@link groupByRequest}. */
export interface Grouping {
  readonly groups: IdentityGroup[];
  /** Hooks that have not settled yet: these browsers must not be sent anything before they have. */
  readonly late: ReadonlyMap<SharedSubscription, Promise<SharedRequest>>;
}

/**
 * Calls the hooks of every browser, with its own request, and groups the browsers by what goes up for them [R51]. A
 * hook that fails ends the stream of its own browser.
 */
export async function groupByRequest(subscriptions: readonly SharedSubscription[]): Promise<Grouping> {
  const groups = new Map<string, IdentityGroup>();
  const add = (subscription: SharedSubscription, { key, request }: SharedRequest) => {
    const group = groups.get(key);
    if (group) group.subscriptions.push(subscription);
    else groups.set(key, { key, request, subscriptions: [subscription] });
  };
  const fail = (subscription: SharedSubscription, error: unknown) => subscription.fail(error);
  if (!subscriptions.some(({ builder }) => builder?.identify)) {
    const late = await settle(
      subscriptions,
      whileOpen((builder) => builder.build()),
      add,
      fail,
    );
    return { groups: [...groups.values()], late };
  }
  const byShareKey = new Map<string, SharedSubscription[]>();
  const addTo = (subscription: SharedSubscription, shareKey: string) => {
    byShareKey.set(shareKey, [...(byShareKey.get(shareKey) ?? []), subscription]);
  };
  const unidentified = await settle(
    subscriptions,
    whileOpen((builder) => builder.identify?.()),
    addTo,
    fail,
  );
  const addAll = (sameKey: SharedSubscription[], made: SharedRequest) => {
    for (const subscription of sameKey) if (!subscription.isClosed) add(subscription, made);
  };
  const unbuilt = await settle([...byShareKey.values()], buildOnce, addAll, () => {});
  const late = new Map<SharedSubscription, Promise<SharedRequest>>();
  for (const [sameKey, made] of unbuilt) for (const subscription of sameKey) late.set(subscription, made);
  for (const [subscription, identified] of unidentified)
    late.set(
      subscription,
      identified.then(() => (subscription.builder as RequestBuilder).build()),
    );
  return { groups: [...groups.values()], late };
}

/** Calls a hook for a browser unless it has left. */
function whileOpen<T>(call: (builder: RequestBuilder) => Promise<T> | undefined) {
  return ({ isClosed, builder }: SharedSubscription) => (isClosed || !builder ? undefined : call(builder));
}

/**
 * Builds the request of browsers that share one by `share.key`; the first hooks that succeed decide. The hooks of the
 * next browser are called when those of the one before fail, or have not settled within {@link graceMs}. Rejects if the
 * hooks of all have failed.
 */
function buildOnce(subscriptions: readonly SharedSubscription[]): Promise<SharedRequest> {
  return new Promise((resolve, reject) => {
    const rest = [...subscriptions];
    let pending = 0;
    let isMade = false;
    let timer: NodeJS.Timeout | undefined;
    const next = (reason?: unknown) => {
      clearTimeout(timer);
      if (isMade) return;
      const subscription = rest.shift();
      if (!subscription) {
        if (pending === 0) reject(reason);
        return;
      }
      if (subscription.isClosed || !subscription.builder) return next(reason);
      pending++;
      timer = setTimeout(next, graceMs);
      subscription.builder.build().then(
        (made) => {
          isMade = true;
          clearTimeout(timer);
          resolve(made);
        },
        (error) => {
          pending--;
          subscription.fail(error);
          next(error);
        },
      );
    };
    next();
  });
}

/**
 * Starts `call` for all keys, a few in each turn of the event loop, and passes results to `onResult`. Resolves when all
 * have settled, or {@link graceMs} after the first result, with the calls that have not. It never resolves before all
 * have been started: a browser whose hooks were not called must not stay.
 */
function settle<Key, Result>(
  keys: readonly Key[],
  call: (key: Key) => Promise<Result> | undefined,
  onResult: (key: Key, result: Result) => void,
  onFailure: (key: Key, error: unknown) => void,
): Promise<Map<Key, Promise<Result>>> {
  const pending = new Map<Key, Promise<Result>>();
  return new Promise((resolve) => {
    let isStarted = false;
    let hasResult = false;
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      isOver = true;
      clearTimeout(timer);
      resolve(pending);
    };
    const update = () => {
      if (!isStarted) return;
      if (pending.size === 0) finish();
      else if (hasResult) timer ??= setTimeout(finish, graceMs);
    };
    const start = (key: Key) => {
      const called = call(key);
      if (!called) return;
      pending.set(key, called);
      const settled = (use: () => void) => {
        if (isOver) return;
        use();
        pending.delete(key);
        update();
      };
      called.then(
        (result) =>
          settled(() => {
            hasResult = true;
            onResult(key, result);
          }),
        (error) => settled(() => onFailure(key, error)),
      );
    };
    void startAll(keys, start).then(() => {
      isStarted = true;
      update();
    });
  });
}

async function startAll<Key>(keys: readonly Key[], start: (key: Key) => void): Promise<void> {
  for (const [index, key] of keys.entries()) {
    if (index > 0 && index % maxCallsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    start(key);
  }
}
