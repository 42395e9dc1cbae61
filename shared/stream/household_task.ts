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
import type { Outcome } from "./outcomes.ts";
import { StreamTime } from "./stream_time.ts";
import { noNotes, type TaskNotes } from "./task_notes.ts";
import { TaskOutput } from "./task_output.ts";
import { countOne } from "./topic_counts.ts";
import { isTick } from "./tick.ts";

/** Less than the array grows to that outputs are written into and that is kept: see task_output.ts. */
const OUTPUT_BYTES_MAX = 3 << 18;

/** Settings that both workers share. */
export interface TaskSettings {
  readonly idleTimeoutS: number;
  readonly maxAheadS: number;
  readonly partition: number;
  readonly partitionCount: number;
  /** Of a batch, more or less. Default: 768 KiB. */
  readonly outputBytesMax?: number | undefined;
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
  readonly #output: TaskOutput;
  readonly #sink: HouseholdSink;
  #notes: TaskNotes = noNotes();
  #openCount = 0;
  #heldCount = 0;

  constructor(core: WorkerCore<E>, settings: TaskSettings, start: TaskStart) {
    this.#core = core;
    this.#settings = settings;
    this.#memories = start.households;
    this.#lostUpToS = start.lostUpToS;
    this.#output = new TaskOutput(settings.partition);
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

  /**
   * Processes the record at `index`, the next one, of input `input`, at `place` of the merged order.
   * Before it is taken all closes that it closes: all there is as a tick, or by its append time who has
   * fallen silent. Where that is more than a batch puts out, it is not taken, and the rest closes with
   * the next call, once the output is taken. Each household is closed for itself, so a commit between
   * the two is one like any other. Returns whether it was taken.
   *
   *   8 ─ 9 ─ (10: home-1 … home-400 close) ─ output taken ─ (10: home-401 …) 10 ─ 11
   */
  process(records: RecordPlaces, index: number, input: number, place: number): boolean {
    this.#time.advance(records.appendMs(index));
    if (isTick(records, index)) {
      if (!this.#closeAll()) return false;
      this.#count("tick");
      return true;
    }
    if (!this.#closeSilent()) return false;
    this.#take(records, index, input, place);
    return true;
  }

  #take(records: RecordPlaces, index: number, input: number, place: number): void {
    const appendMs = records.appendMs(index);
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

  /** Whether the output not taken yet is that of a batch. */
  get isFull(): boolean {
    return this.#output.size >= (this.#settings.outputBytesMax ?? OUTPUT_BYTES_MAX);
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
    const live = known ?? this.#begin(event);
    if (known !== undefined) this.#live.heard(live);
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

  /** False where the output is full before all is done. */
  #closeAll(): boolean {
    for (let live = this.#live.first; live !== undefined; live = this.#live.first) {
      if (this.isFull) return false;
      this.#close(live);
    }
    return true;
  }

  /** The same of those that are silent: the front of all. */
  #closeSilent(): boolean {
    for (let live = this.#live.first; live !== undefined; live = this.#live.first) {
      if (!this.#isSilent(live)) return true;
      if (this.isFull) return false;
      this.#close(live);
      this.#notes.silencedCount++;
    }
    return true;
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
    const [offset, received_at] = [records.offset(index), records.appendMs(index)];
    const letter = encodeDeadLetter(
      { reason, source: this.#core.name, error, topic, partition, offset, received_at },
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
