/** The households that were heard of lately. */
import { decodeEvent, type HouseholdIdentity, readingSchema } from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { householdKey, POWER_TOPIC } from "../../../shared/topics.ts";
import { readNewest } from "../server/read_newest.ts";

/** Of each partition, readings that are looked through. */
const READINGS_MAX = 2000;
/** For so long, one look is for all who ask. */
const FRESH_MS = 3000;

export interface ListedHousehold extends HouseholdIdentity {
  /** Of its newest reading, s and W. */
  readonly newestS: number;
  readonly consumption: number;
}

export class Directory {
  readonly #log: Log;
  readonly #nowMs: () => number;
  #newest: { readonly atMs: number; readonly households: Promise<ListedHousehold[]> } | undefined;

  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** By name. @throws WattstreamError `unavailable` while the log is away. */
  list(): Promise<ListedHousehold[]> {
    const nowMs = this.#nowMs();
    if (this.#newest === undefined || nowMs - this.#newest.atMs > FRESH_MS) {
      const households = this.#read();
      this.#newest = { atMs: nowMs, households };
      households.catch(() => this.#newest = undefined);
    }
    return this.#newest.households;
  }

  async #read(): Promise<ListedHousehold[]> {
    const found = new Map<string, ListedHousehold>();
    const records = await readNewest(this.#log, { topic: POWER_TOPIC, count: READINGS_MAX });
    for (const { value } of records) {
      const decoded = decodeEvent(readingSchema, value);
      if (!decoded.ok) continue;
      const { username, client_id, timestamp, consumption } = decoded.event;
      const key = householdKey(decoded.event);
      if ((found.get(key)?.newestS ?? -1) > timestamp) continue;
      found.set(key, { username, client_id, newestS: timestamp, consumption });
    }
    return [...found.values()].sort((a, b) =>
      a.username.localeCompare(b.username, "en", { numeric: true }) ||
      a.client_id.localeCompare(b.client_id, "en", { numeric: true })
    );
  }
}
