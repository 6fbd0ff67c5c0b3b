import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import type { LogRequestInfo, LogScope } from '../types.ts';

/** One request on its way through a route. */
export class LogRequest {
  readonly req: Request;
  readonly scope: LogScope;
  /** The key that `authorize` returned. */
  key: string | undefined;
  /** True if the client sent the id of an event, to resume after it. */
  resumed = false;
  readonly #id = randomUUID();
  readonly #requestedAt = performance.now();
  readonly #route: string;

  /** @param route the route's template */
  constructor(req: Request, route: string) {
    this.req = req;
    this.#route = route;
    const { workspaceId, workflowId } = req.params;
    this.scope = Object.freeze({
      workspaceID: workspaceId === undefined ? undefined : String(workspaceId),
      workflowID: workflowId === undefined ? undefined : String(workflowId),
    });
  }

  /** Time since the request, in milliseconds. */
  get waitedMs(): number {
    return performance.now() - this.#requestedAt;
  }

  /** The request as it is passed to observers. */
  get info(): LogRequestInfo {
    const { key, resumed } = this;
    return Object.freeze({ id: this.#id, route: this.#route, ...this.scope, key, resumed });
  }
}
