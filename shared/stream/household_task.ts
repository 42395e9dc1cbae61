/**
 * A task's state and the judgement that both workers share: which household a record belongs to,
 * whether it can be read, whether its clock is right, who has fallen silent. Pure: what comes out is
 * a function of the records in their order and of the task's memory.
 */
import { Arena } from "../bytes/arena.ts";
import { type DeadLetterReason, encodeDeadLetter, type HouseholdIdentity } from "../events.ts";
import type { NewRecord } from "../log/log.ts";
import type { RecordPlaces } from "../log/record_places.ts";
import { DEAD_LETTER_TOPIC } from "../topics.ts";
import type { HouseholdEvent, HouseholdSink, WorkerCore } from "./household.ts";
import type { HouseholdMemories } from "./household_memories.ts";
import { HouseholdName } from "./household_name.ts";
import { keyProblem } from "./key_problem.ts";
import { LiveFigures } from "./live_figures.ts";
import { LiveHousehold, LiveHouseholds } from "./live_households.ts";
import { OldestPlaces } from "./oldest_places.ts";
import { noOutcomes, type Outcome, type OutcomeCounts } from "./outcomes.ts";
import { StreamTime } from "./stream_time.ts";
import { TaskOutput } from "./task_output.ts";
import { countOne, type TopicCounts } from "./topic_counts.ts";
import { isTick } from "./tick.ts";

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
  /** Records of the output, without dead letters, by topic. */
  readonly emitted: TopicCounts;
  /** Households that were closed since they were silent. */
  silencedCount: number;
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
  readonly #holding = new OldestPlaces();
  readonly #arena = new Arena();
  readonly #output = new TaskOutput();
  readonly #sink: HouseholdSink;
  #notes: TaskNotes = noNotes();
  #openCount = 0;
  #heldCount = 0;

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
        this.#output.add(headers === undefined ? record : { ...record, headers }, value.length);
        countOne(this.#notes.emitted, topic);
      },
      begin: (name, topic) => {
        countOne(this.#notes.emitted, topic);
        return this.#output.begin(name, topic);
      },
      end: () => this.#output.end(),
      settle: (outcome, records) => {
        this.#heldCount -= records;
        this.#notes.outcomes[outcome] += records;
      },
      remember: (identity, memory) => {
        this.#notes.memories.set(this.#memories.set(identity, memory), memory);
      },
    };
  }

  /** Processes the record at `index`, the next one, of input `input`, at `place` of the merged order. */
  process(records: RecordPlaces, index: number, input: number, place: number): void {
    const appendMs = records.appendMs(index);
    this.#time.advance(appendMs);
    if (isTick(records, index)) {
      this.#count("tick");
      this.#closeAll();
      return;
    }
    const ahead = this.#live.ahead(records, index);
    const decoded = this.#core.decode(input, records, index, ahead?.name);
    if (!decoded.ok) return this.#refuse(records, index, "invalid", decoded.error);
    const event = decoded.event;
    const isAhead = ahead !== undefined && event.names === ahead.name;
    const known = isAhead ? ahead : this.#live.get(event);
    const isCompacted = this.#core.compactedInputs?.includes(records.topic) === true;
    const isKey = known !== undefined && !isCompacted && (isAhead || known.hasKey(records, index));
    const problem = isKey
      ? undefined
      : keyProblem(records.key(index), event, { ...this.#settings, isCompacted });
    if (problem !== undefined) return this.#refuse(records, index, problem.reason, problem.error);
    const aheadS = event.timestamp - Math.floor(appendMs / 1000);
    if (aheadS > this.#settings.maxAheadS) {
      return this.#refuse(
        records,
        index,
        "future",
        `timestamp: ${event.timestamp} is ${aheadS} s ahead of its arrival, more than max-ahead ${this.#settings.maxAheadS} s`,
      );
    }
    const live = this.#seen(known, event);
    const verdict = live.household.accept(event, input, place);
    if (verdict === "late") {
      return this.#refuse(
        records,
        index,
        "late",
        `timestamp: ${event.timestamp} is late, the household is closed up to ${live.household.closedS}`,
      );
    }
    if (event.timestamp > this.#newestS) this.#newestS = event.timestamp;
    if (!live.isHolding && live.household.oldestPlace() !== Infinity) this.#hold(live, place);
    if (verdict === "held") this.#heldCount++;
    else if (verdict === "partly_late") {
      this.#notes.outcomes.partly_late++;
      this.#count("used");
    } else this.#count(verdict);
  }

  /** Closes the households that have fallen silent. Called after each batch. */
  closeSilent(): void {
    for (let live = this.#live.first; live !== undefined; live = this.#live.first) {
      if (!this.#isSilent(live)) return;
      this.#silence(live);
    }
  }

  /** Counts records that the log no longer held. */
  countLost(records: number): void {
    this.#notes.outcomes.lost += records;
  }

  /** The records that have come out since the last call. Their bytes are theirs until they are reused. */
  takeOutput(): NewRecord[] {
    return this.#output.take();
  }

  /** Says that nobody reads the output taken any more. */
  reuseOutput(): void {
    this.#output.reuse();
  }

  /** What is to be noted since the last call. */
  takeNotes(): TaskNotes {
    const notes = this.#notes;
    this.#notes = noNotes();
    return notes;
  }

  /** Bytes of the output not taken yet, more or less. */
  get outputSize(): number {
    return this.#output.size;
  }

  /** Largest event time taken in, in a replay too, s; undefined where nothing was. */
  get newestS(): number | undefined {
    return this.#newestS === -Infinity ? undefined : this.#newestS;
  }

  /** Append time of the last record, ms; undefined before the first. */
  get lastAppendMs(): number | undefined {
    return this.#time.lastAppendMs;
  }

  /** What is told of its live households as a whole. */
  get figures(): LiveFigures<E> {
    return new LiveFigures(this.#live, this.#time.nowMs);
  }

  /** What is remembered of its households, by the name of its entry. */
  memories(): Iterable<[name: string, text: string]> {
    return this.#memories.ofPartition(this.#settings.partition, this.#settings.partitionCount);
  }

  /** Households alive. */
  get householdCount(): number {
    return this.#live.count;
  }

  get isOpen(): boolean {
    return this.#openCount > 0;
  }

  /** Records taken in whose outcome is not settled yet. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** Place of the oldest record that a recovery must read again; Infinity where there is none. */
  oldestPlace(): number {
    return this.#holding.oldest();
  }

  /** The household of a record that is a sign of its life. */
  #seen(known: LiveHousehold<E> | undefined, event: E): LiveHousehold<E> {
    let live = known;
    if (live !== undefined && this.#isSilent(live)) {
      this.#silence(live);
      live = undefined;
    }
    if (live === undefined) live = this.#begin(event);
    else this.#live.heard(live);
    live.lastSeenMs = this.#time.nowMs;
    live.recordCount++;
    return live;
  }

  #begin(event: E): LiveHousehold<E> {
    const arena = this.#arena;
    const name = new HouseholdName(event, arena);
    const memory = this.#memoryOf(name);
    const household = this.#core.household({ name, memory, sink: this.#sink, arena });
    const live = new LiveHousehold(name, household, this.#time.nowMs);
    this.#live.add(live);
    return live;
  }

  #memoryOf(identity: HouseholdIdentity): string | undefined {
    const memory = this.#memories.of(identity);
    if (this.#lostUpToS === undefined) return memory;
    return this.#core.closedPast(this.#lostUpToS, memory);
  }

  /** Notes that a household holds the record at `place`, its first one. */
  #hold(live: LiveHousehold<E>, place: number): void {
    live.isHolding = true;
    this.#openCount++;
    this.#holding.add(live, place);
  }

  #isSilent(live: LiveHousehold<E>): boolean {
    return this.#time.nowMs - live.lastSeenMs >= this.#settings.idleTimeoutS * 1000;
  }

  #closeAll(): void {
    for (let live = this.#live.first; live !== undefined; live = this.#live.first) {
      this.#close(live);
    }
  }

  #silence(live: LiveHousehold<E>): void {
    this.#close(live);
    this.#notes.silencedCount++;
  }

  /** Closes a household, which leaves the live state. */
  #close(live: LiveHousehold<E>): void {
    live.household.close();
    this.#live.delete(live);
    live.household.release();
    live.name.release();
    if (live.isHolding) this.#openCount--;
  }

  #refuse(records: RecordPlaces, index: number, reason: DeadLetterReason, error: string): void {
    const { topic, partition } = records;
    const source = this.#core.name;
    const [offset, received_at] = [records.offset(index), records.appendMs(index)];
    const letter = encodeDeadLetter(
      { reason, source, error, topic, partition, offset, received_at },
      records.value(index),
    );
    const record = { topic: DEAD_LETTER_TOPIC, key: records.key(index), value: letter };
    this.#output.add(record, letter.length);
    this.#count(reason === "late" || reason === "future" ? reason : "invalid");
  }

  #count(outcome: Outcome): void {
    this.#notes.outcomes[outcome]++;
  }
}

function noNotes(): TaskNotes {
  return { memories: new Map(), outcomes: noOutcomes(), emitted: {}, silencedCount: 0 };
}
