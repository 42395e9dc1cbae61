/**
 * The live households of a task, found by user and client id: only the user is authenticated, so the
 * same client id of two users is two households, which share nothing but their partition. And they
 * stand in the order of their last signs of life, so that who has fallen silent stands in front:
 *
 *   silent for 60 s ▸ home-7 ─ home-2 ─ home-9 ─ … ─ home-4 ◂ heard last
 */
import { hashMemory } from "../bytes/memory.ts";
import type { RecordPlaces } from "../log/record_places.ts";
import type { Household, HouseholdEvent } from "./household.ts";
import { hashOfNames, type HouseholdName } from "./household_name.ts";

/** A household that is alive, in its place among all. */
export class LiveHousehold<E extends HouseholdEvent> {
  readonly name: HouseholdName;
  readonly household: Household<E>;
  /** Stream time since when it is alive. */
  readonly firstSeenMs: number;
  /** Stream time of its last sign of life. */
  lastSeenMs = 0;
  /** Since it is alive. */
  recordCount = 0;
  /** Whether it holds a record. */
  isHolding = false;
  isAlive = true;
  /** Its neighbours: heard before and after it. */
  before: LiveHousehold<E> | undefined;
  after: LiveHousehold<E> | undefined;

  constructor(name: HouseholdName, household: Household<E>, firstSeenMs: number) {
    this.name = name;
    this.household = household;
    this.firstSeenMs = firstSeenMs;
  }

  /** Whether a record has its key. */
  hasKey(records: RecordPlaces, index: number): boolean {
    return records.hasKey(index) &&
      this.name.hasKey(records.memory, records.keyStart(index), records.keyEnd(index));
  }

  /** Whether a record has its key, and a value that begins as its outputs do. */
  begins(records: RecordPlaces, index: number): boolean {
    return this.hasKey(records, index) && records.hasValue(index) &&
      this.name.begins(records.memory, records.valueStart(index), records.valueEnd(index));
  }

  /** Place of the oldest record that it holds. */
  oldestPlace(): number {
    return this.isAlive ? this.household.oldestPlace() : Infinity;
  }
}

const FIRST_SLOTS = 64;
/** By key there are so many times as many slots, since three of one pair of slots drive each other out. */
const KEY_SLOTS = 4;

export class LiveHouseholds<E extends HouseholdEvent> {
  /** By hash, each in the first free slot from its own on; at most half of them are taken. */
  #slots: (LiveHousehold<E> | undefined)[] = new Array(FIRST_SLOTS).fill(undefined);
  /** By the hash of their key, the last two found of each pair of slots, of which the last comes first. */
  #byKey: (LiveHousehold<E> | undefined)[] = new Array(KEY_SLOTS * FIRST_SLOTS).fill(undefined);
  #count = 0;
  #first: LiveHousehold<E> | undefined;
  #last: LiveHousehold<E> | undefined;

  get count(): number {
    return this.#count;
  }

  /** The one that has been silent for longest. */
  get first(): LiveHousehold<E> | undefined {
    return this.#first;
  }

  /** All of them. */
  *values(): Generator<LiveHousehold<E>> {
    for (let live = this.#first; live !== undefined; live = live.after) yield live;
  }

  /**
   * The household whose key a record has and whose names its value begins with: most often it is found
   * so, before the value is read. Undefined says nothing.
   */
  ahead(records: RecordPlaces, index: number): LiveHousehold<E> | undefined {
    if (!records.hasKey(index)) return undefined;
    const hash = hashMemory(records.memory, records.keyStart(index), records.keyEnd(index));
    const slot = this.#pairOf(hash);
    for (let at = slot; at < slot + 2; at++) {
      const live = this.#byKey[at];
      if (live !== undefined && live.begins(records, index)) return live;
    }
    return undefined;
  }

  /** The household of an event. */
  get(event: E): LiveHousehold<E> | undefined {
    const slots = this.#slots;
    const hash = hashOfNames(event.clientId, event.username);
    for (let slot = hash & (slots.length - 1);; slot = (slot + 1) & (slots.length - 1)) {
      const live = slots[slot];
      if (live === undefined) return undefined;
      if (live.name.hash !== hash || !live.name.isOf(event)) continue;
      this.#putFirst(live);
      return live;
    }
  }

  /** Takes in a household that is not among them, as heard last. */
  add(live: LiveHousehold<E>): void {
    if (2 * ++this.#count > this.#slots.length) this.#grow();
    this.#put(live);
    this.#append(live);
  }

  /** Puts a household behind all others: it was heard last. */
  heard(live: LiveHousehold<E>): void {
    if (live === this.#last) return;
    this.#unlink(live);
    this.#append(live);
  }

  /** Takes a household out, and lets go of its name. */
  delete(live: LiveHousehold<E>): void {
    this.#count--;
    this.#unlink(live);
    this.#take(live);
    const slot = this.#pairOf(live.name.keyHash);
    for (let at = slot; at < slot + 2; at++) {
      if (this.#byKey[at] === live) this.#byKey[at] = undefined;
    }
    live.isAlive = false;
  }

  /** The first of the two slots for keys of this hash. */
  #pairOf(keyHash: number): number {
    return keyHash & (this.#byKey.length - 2);
  }

  /** Puts a household in the first slot of its pair, and who was there in the second. */
  #putFirst(live: LiveHousehold<E>): void {
    const byKey = this.#byKey;
    const slot = this.#pairOf(live.name.keyHash);
    if (byKey[slot] === live) return;
    byKey[slot + 1] = byKey[slot];
    byKey[slot] = live;
  }

  #append(live: LiveHousehold<E>): void {
    live.before = this.#last;
    live.after = undefined;
    if (this.#last === undefined) this.#first = live;
    else this.#last.after = live;
    this.#last = live;
  }

  #unlink({ before, after }: LiveHousehold<E>): void {
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
  }

  #put(live: LiveHousehold<E>): void {
    const slots = this.#slots;
    let slot = live.name.hash & (slots.length - 1);
    while (slots[slot] !== undefined) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = live;
  }

  /** Empties its slot, and moves up those behind it that found their own one taken. */
  #take(live: LiveHousehold<E>): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let free = live.name.hash & mask;
    while (slots[free] !== live) free = (free + 1) & mask;
    for (let slot = (free + 1) & mask; slots[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = slots[slot]!.name.hash & mask;
      // It may move unless its own slot lies behind the free one.
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      slots[free] = slots[slot];
      free = slot;
    }
    slots[free] = undefined;
  }

  #grow(): void {
    const former = this.#slots;
    this.#slots = new Array(2 * former.length).fill(undefined);
    for (const live of former) if (live !== undefined) this.#put(live);
    // Filled as they are found again.
    this.#byKey = new Array(KEY_SLOTS * this.#slots.length).fill(undefined);
  }
}
