/**
 * The live households of a task, found by user and client id: only the user is authenticated, so the
 * same client id of two users is two households, which share nothing but their partition.
 *
 *   home-1 ─┬─ alice    ─▶ household
 *           └─ mallory  ─▶ household
 */
import type { HouseholdIdentity } from "../events.ts";
import type { Household, HouseholdEvent } from "./household.ts";

export interface LiveHousehold<E extends HouseholdEvent> {
  readonly identity: HouseholdIdentity;
  readonly household: Household<E>;
  /** Key of its records. */
  readonly key: Uint8Array;
  /** Stream time of its last sign of life. */
  lastSeenMs: number;
}

export class LiveHouseholds<E extends HouseholdEvent> {
  /**
   * By client id, then username: two look-ups of short strings cost a record less than to join them
   * to one key. What goes through all of them goes through one list.
   */
  readonly #byClientId = new Map<string, Map<string, LiveHousehold<E>>>();
  readonly #all = new Set<LiveHousehold<E>>();

  get count(): number {
    return this.#all.size;
  }

  get({ client_id, username }: HouseholdIdentity): LiveHousehold<E> | undefined {
    return this.#byClientId.get(client_id)?.get(username);
  }

  /** Takes in a household whose identity is not among them. */
  add(live: LiveHousehold<E>): void {
    const { client_id, username } = live.identity;
    const users = this.#byClientId.get(client_id);
    if (users === undefined) this.#byClientId.set(client_id, new Map([[username, live]]));
    else users.set(username, live);
    this.#all.add(live);
  }

  delete(live: LiveHousehold<E>): void {
    const { client_id, username } = live.identity;
    const users = this.#byClientId.get(client_id)!;
    if (users.size === 1) this.#byClientId.delete(client_id);
    else users.delete(username);
    this.#all.delete(live);
  }

  /** All of them; any may be deleted meanwhile. */
  values(): Iterable<LiveHousehold<E>> {
    return this.#all.values();
  }
}
