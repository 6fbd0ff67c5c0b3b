import type { UpstreamRequest } from '../../upstream/upstream.ts';
import type { SharedRequest } from './shared-request.ts';
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
 * Calls the hooks of every browser, with its own request, and groups the browsers by what goes up for them [R51]. A hook
 * that fails ends the stream of its own browser.
 */
export async function groupByRequest(subscriptions: readonly SharedSubscription[]): Promise<Grouping> {
  const groups = new Map<string, IdentityGroup>();
  const add = (subscription: SharedSubscription, { key, request }: SharedRequest) => {
    const group = groups.get(key);
    if (group) group.subscriptions.push(subscription);
    else groups.set(key, { key, request, subscriptions: [subscription] });
  };
  const isKeyed = subscriptions.some(({ source }) => source?.identify);
  if (!isKeyed) {
    const late = await settle(subscriptions, ({ source }) => source?.build(), add);
    return { groups: [...groups.values()], late };
  }
  const teams = new Map<string, SharedSubscription[]>();
  const addTo = (subscription: SharedSubscription, team: string) => {
    teams.set(team, [...(teams.get(team) ?? []), subscription]);
  };
  const unidentified = await settle(subscriptions, ({ source }) => source?.identify?.(), addTo);
  for (const team of teams.values()) {
    const made = await buildOnce(team);
    if (made) for (const subscription of team) if (!subscription.isClosed) add(subscription, made);
  }
  const late = new Map<SharedSubscription, Promise<SharedRequest>>();
  for (const [subscription, identified] of unidentified)
    late.set(
      subscription,
      identified.then(() => (subscription.source as { build(): Promise<SharedRequest> }).build()),
    );
  return { groups: [...groups.values()], late };
}

/** Builds the request of browsers that share one by `share.key`: with the hooks of any that is connected. */
async function buildOnce(team: readonly SharedSubscription[]): Promise<SharedRequest | undefined> {
  for (const subscription of team) {
    if (subscription.isClosed) continue;
    try {
      return await subscription.source?.build();
    } catch (error) {
      subscription.fail(error);
    }
  }
  return undefined;
}

/**
 * Starts `call` for all subscriptions, few in each turn of the event loop, and passes results to `onResult`. Resolves when
 * all have settled, or some time after the first result, with those that have not. Never before all have been started: a
 * browser that was not asked must not stay.
 */
function settle<T>(
  subscriptions: readonly SharedSubscription[],
  call: (subscription: SharedSubscription) => Promise<T> | undefined,
  onResult: (subscription: SharedSubscription, result: T) => void,
): Promise<Map<SharedSubscription, Promise<T>>> {
  const pending = new Map<SharedSubscription, Promise<T>>();
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
    const start = (subscription: SharedSubscription) => {
      const called = subscription.isClosed ? undefined : call(subscription);
      if (!called) return;
      pending.set(subscription, called);
      const settled = (use: () => void) => {
        if (isOver) return;
        use();
        pending.delete(subscription);
        update();
      };
      called.then(
        (result) =>
          settled(() => {
            hasResult = true;
            onResult(subscription, result);
          }),
        (error) => settled(() => subscription.fail(error)),
      );
    };
    void startAll(subscriptions, start).then(() => {
      isStarted = true;
      update();
    });
  });
}

async function startAll(
  subscriptions: readonly SharedSubscription[],
  start: (subscription: SharedSubscription) => void,
): Promise<void> {
  for (const [index, subscription] of subscriptions.entries()) {
    if (index > 0 && index % maxCallsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    start(subscription);
  }
}
