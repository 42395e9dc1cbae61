/** What is known of each household: the same `client_id` of two users is two of them. */
import type { HouseholdIdentity } from "../events.ts";

/** A value for each household, in the order in which they came. */
export class ByHousehold<T> {
  readonly #users = new Map<string, Map<string, T>>();
  readonly #values: T[] = [];

  get({ username, client_id }: HouseholdIdentity): T | undefined {
    return this.#users.get(username)?.get(client_id);
  }

  /** The value of a household, which is made where it has none. */
  getOrMake(identity: HouseholdIdentity, make: () => T): T {
    const known = this.get(identity);
    if (known !== undefined) return known;
    const value = make();
    this.#values.push(value);
    const { username, client_id } = identity;
    const own = this.#users.get(username);
    if (own === undefined) this.#users.set(username, new Map([[client_id, value]]));
    else own.set(client_id, value);
    return value;
  }

  values(): readonly T[] {
    return this.#values;
  }
}
