/** The households that were heard of lately. */
import { decodeEvent, type HouseholdIdentity, readingSchema } from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { householdKey, POWER_TOPIC } from "../../../shared/topics.ts";
import { readNewest } from "../server/read_newest.ts";

/** Of each partition, readings that are looked through. */
const READINGS_MAX = 2000;
/** Made once: with `localeCompare` sorting 10,000 households took most of the console's time. */
const byName = new Intl.Collator("en", { numeric: true });
/** For so long, one look is for all who ask. */
const FRESH_MS = 5000;
/** For so long, whoever asks need not wait for the next look. */
const USABLE_MS = 15_000;

export interface ListedHousehold extends HouseholdIdentity {
  /** Of its newest reading, s and W. */
  readonly newestS: number;
  readonly consumption: number;
}

/** What a page of households shows. */
export interface HouseholdsFound {
  /** Of those that may be seen, how many are named like that. */
  readonly count: number;
  /** The first of them. */
  readonly households: readonly ListedHousehold[];
}

/** Of thousands, one does not read all: whoever looks for one types its name. */
const SHOWN_MAX = 200;

/** @param text part of their names, in any case; empty for all. */
export function householdsNamed(
  households: readonly ListedHousehold[],
  text: string,
): HouseholdsFound {
  const wanted = text.trim().toLowerCase();
  const found = households.filter((household) =>
    wanted === "" || householdKey(household).toLowerCase().includes(wanted)
  );
  return { count: found.length, households: found.slice(0, SHOWN_MAX) };
}

export class Directory {
  readonly #log: Log;
  readonly #nowMs: () => number;
  #newest: { readonly atMs: number; readonly households: ListedHousehold[] } | undefined;
  #looking: Promise<ListedHousehold[]> | undefined;

  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** By name. @throws WattstreamError `unavailable` while the log is away. */
  async list(): Promise<ListedHousehold[]> {
    const ageMs = this.#nowMs() - (this.#newest?.atMs ?? -Infinity);
    if (ageMs <= FRESH_MS) return this.#newest!.households;
    const looking = this.#looking ??= this.#look();
    if (ageMs > USABLE_MS) return await looking;
    // Whoever asks next is told why there is no newer one.
    looking.catch(() => {});
    return this.#newest!.households;
  }

  async #look(): Promise<ListedHousehold[]> {
    try {
      const households = await this.#read();
      this.#newest = { atMs: this.#nowMs(), households };
      return households;
    } catch (error) {
      this.#newest = undefined;
      throw error;
    } finally {
      this.#looking = undefined;
    }
  }

  async #read(): Promise<ListedHousehold[]> {
    const found = new Map<string, ListedHousehold>();
    const records = readNewest(this.#log, { topic: POWER_TOPIC, count: READINGS_MAX });
    for await (const { value } of records) {
      const decoded = decodeEvent(readingSchema, value);
      if (!decoded.ok) continue;
      const { username, client_id, timestamp, consumption } = decoded.event;
      const key = householdKey(decoded.event);
      if ((found.get(key)?.newestS ?? -1) > timestamp) continue;
      found.set(key, { username, client_id, newestS: timestamp, consumption });
    }
    return [...found.values()].sort((a, b) =>
      byName.compare(a.username, b.username) || byName.compare(a.client_id, b.client_id)
    );
  }
}
