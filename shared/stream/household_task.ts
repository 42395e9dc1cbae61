/**
 * A task's state and the judgement that both workers share: which household a record belongs to,
 * whether it can be read, whether its clock is right, who has fallen silent. Pure: what comes out is
 * a function of the records in their order and of the task's memory.
 */
import { type DeadLetterReason, encodeDeadLetter, type HouseholdIdentity } from "../events.ts";
import type { LogRecord, NewRecord } from "../log/log.ts";
import { partitionOf } from "../log/partition.ts";
import { DEAD_LETTER_TOPIC, POWER_TOPIC, TICK_HEADER } from "../topics.ts";
import type { HouseholdEvent, HouseholdSink, WorkerCore } from "./household.ts";
import type { HouseholdMemories } from "./household_memories.ts";
import { type LiveHousehold, LiveHouseholds } from "./live_households.ts";
import { noOutcomes, type Outcome, type OutcomeCounts } from "./outcomes.ts";
import { StreamTime } from "./stream_time.ts";

/** Settings that both workers share. */
export interface TaskSettings {
  readonly idleTimeoutS: number;
  readonly maxAheadS: number;
  readonly partition: number;
  readonly partitionCount: number;
}

/** What records led to beside output, to be noted in the transaction of their output. */
export interface TaskNotes {
  /** What households remember, by the name of their entry in the memory. */
  readonly memories: Map<string, string>;
  readonly outcomes: OutcomeCounts;
  /** Windows or datasets among the output. */
  emitted: number;
}

/** What a task knows beside its records. */
export interface TaskStart {
  /** What its memory says of households; the task's own from here on. */
  readonly households: HouseholdMemories;
  /** Newest second that may have come out already, s: no household takes in anything up to it. */
  readonly lostUpToS?: number | undefined;
}

export class HouseholdTask<E extends HouseholdEvent> {
  readonly #core: WorkerCore<E>;
  readonly #settings: TaskSettings;
  readonly #time = new StreamTime();
  readonly #live = new LiveHouseholds<E>();
  readonly #memories: HouseholdMemories;
  readonly #lostUpToS: number | undefined;
  #newestS = -Infinity;
  readonly #sink: HouseholdSink;
  #output: NewRecord[] = [];
  #outputSize = 0;
  #notes: TaskNotes = noNotes();
  #sweptMs = 0;

  constructor(core: WorkerCore<E>, settings: TaskSettings, start: TaskStart) {
    this.#core = core;
    this.#settings = settings;
    this.#memories = start.households;
    this.#lostUpToS = start.lostUpToS;
    this.#sink = {
      emit: ({ client_id }, { topic, value, key, headers }) => {
        const record: NewRecord = key === undefined
          ? { topic, key: client_id, value }
          : { topic, key, value, partition: settings.partition };
        this.#write(headers === undefined ? record : { ...record, headers }, value.length);
        this.#notes.emitted++;
      },
      settle: (outcome, records) => this.#notes.outcomes[outcome] += records,
      remember: (identity, memory) => {
        this.#notes.memories.set(this.#memories.set(identity, memory), memory);
      },
    };
  }

  /** Processes the next record, of input `input`, at `place` of the merged order. */
  process(record: LogRecord, input: number, place: number): void {
    this.#time.advance(record.appendMs);
    if (isTick(record)) {
      this.#count("tick");
      for (const live of this.#live.values()) this.#close(live);
      return;
    }
    const decoded = this.#core.decode(input, record.value);
    if (!decoded.ok) return this.#refuse(record, "invalid", decoded.error);
    const event = decoded.event;
    const appendS = Math.floor(record.appendMs / 1000);
    const known = this.#live.get(event);
    const problem = known === undefined || !equalBytes(known.key, record.key)
      ? this.#keyProblem(record, event)
      : undefined;
    if (problem !== undefined) return this.#refuse(record, problem.reason, problem.error);
    if (event.timestamp > appendS + this.#settings.maxAheadS) {
      const ahead = event.timestamp - appendS;
      return this.#refuse(
        record,
        "future",
        `timestamp: ${event.timestamp} is ${ahead} s ahead of its arrival, more than max-ahead ${this.#settings.maxAheadS} s`,
      );
    }
    const { household } = this.#seen(known, event, record.key!);
    const verdict = household.accept(event, input, place);
    if (verdict !== "late" && event.timestamp > this.#newestS) this.#newestS = event.timestamp;
    if (verdict === "held") return;
    if (verdict === "late") {
      return this.#refuse(
        record,
        "late",
        `timestamp: ${event.timestamp} is late, the household is closed up to ${household.closedS}`,
      );
    }
    if (verdict === "partly_late") this.#notes.outcomes.partly_late++;
    this.#count(verdict === "partly_late" ? "used" : verdict);
  }

  /** Closes the households that have fallen silent. Called after each batch. */
  closeSilent(): void {
    if (this.#time.nowMs === this.#sweptMs) return;
    this.#sweptMs = this.#time.nowMs;
    for (const live of this.#live.values()) {
      if (this.#isSilent(live)) this.#close(live);
    }
  }

  /** Counts records that the log no longer held. */
  countLost(records: number): void {
    this.#notes.outcomes.lost += records;
  }

  /** The records that have come out since the last call. */
  takeOutput(): NewRecord[] {
    const output = this.#output;
    this.#output = [];
    this.#outputSize = 0;
    return output;
  }

  /** What is to be noted since the last call. */
  takeNotes(): TaskNotes {
    const notes = this.#notes;
    this.#notes = noNotes();
    return notes;
  }

  /** Characters, or bytes, of the output not taken yet. */
  get outputSize(): number {
    return this.#outputSize;
  }

  /** Largest event time taken in, in a replay too, s; undefined where nothing was. */
  get newestS(): number | undefined {
    return this.#newestS === -Infinity ? undefined : this.#newestS;
  }

  /** Households alive. */
  get householdCount(): number {
    return this.#live.count;
  }

  get isOpen(): boolean {
    for (const { household } of this.#live.values()) if (household.isOpen) return true;
    return false;
  }

  /** Records taken in whose outcome is not settled yet. */
  get heldCount(): number {
    let count = 0;
    for (const { household } of this.#live.values()) count += household.heldCount;
    return count;
  }

  /** Place of the oldest record that a recovery must read again; Infinity where there is none. */
  oldestPlace(): number {
    let oldest = Infinity;
    for (const { household } of this.#live.values()) {
      const place = household.oldestPlace();
      if (place < oldest) oldest = place;
    }
    return oldest;
  }

  /** The household of a record that is a sign of its life. */
  #seen(known: LiveHousehold<E> | undefined, event: E, key: Uint8Array): LiveHousehold<E> {
    let live = known;
    if (live !== undefined && this.#isSilent(live)) {
      this.#close(live);
      live = undefined;
    }
    if (live === undefined) {
      const identity = { client_id: event.client_id, username: event.username };
      const household = this.#core.household(identity, this.#memoryOf(identity), this.#sink);
      live = { identity, household, key: key.slice(), lastSeenMs: 0 };
      this.#live.add(live);
    }
    live.lastSeenMs = this.#time.nowMs;
    return live;
  }

  #memoryOf(identity: HouseholdIdentity): string | undefined {
    const memory = this.#memories.of(identity);
    if (this.#lostUpToS === undefined) return memory;
    return this.#core.closedPast(this.#lostUpToS, memory);
  }

  #isSilent(live: LiveHousehold<E>): boolean {
    return this.#time.nowMs - live.lastSeenMs >= this.#settings.idleTimeoutS * 1000;
  }

  /** Closes a household, which leaves the live state. */
  #close(live: LiveHousehold<E>): void {
    live.household.close();
    this.#live.delete(live);
  }

  #keyProblem(
    record: LogRecord,
    event: E,
  ): { readonly reason: DeadLetterReason; readonly error: string } | undefined {
    if (record.key === null) return { reason: "invalid", error: "key: the record has none" };
    if (!equalBytes(encoder.encode(event.client_id), record.key)) {
      return { reason: "invalid", error: `key: differs from client_id ${event.client_id}` };
    }
    const home = partitionOf(record.key, this.#settings.partitionCount);
    if (home === this.#settings.partition) return undefined;
    return {
      reason: "misplaced",
      error: `key: belongs to partition ${home} by murmur2, not to ${this.#settings.partition}; ` +
        "its producer uses another partitioner",
    };
  }

  #refuse(record: LogRecord, reason: DeadLetterReason, error: string): void {
    const { topic, partition, offset } = record;
    const source = this.#core.name;
    const received_at = record.appendMs;
    const letter = encodeDeadLetter(
      { reason, source, error, topic, partition, offset, received_at },
      record.value,
    );
    this.#write({ topic: DEAD_LETTER_TOPIC, key: record.key, value: letter }, letter.length);
    this.#count(reason === "late" || reason === "future" ? reason : "invalid");
  }

  #write(record: NewRecord, size: number): void {
    this.#output.push(record);
    this.#outputSize += size;
  }

  #count(outcome: Outcome): void {
    this.#notes.outcomes[outcome]++;
  }
}

const encoder = new TextEncoder();

function noNotes(): TaskNotes {
  return { memories: new Map(), outcomes: noOutcomes(), emitted: 0 };
}

/** A tick stands on the `power` topic, without key and value. */
export function isTick(record: LogRecord): boolean {
  return record.value === null && record.key === null && record.topic === POWER_TOPIC &&
    record.headers[TICK_HEADER] !== undefined;
}

function equalBytes(left: Uint8Array, right: Uint8Array | null): boolean {
  if (right === null || left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
