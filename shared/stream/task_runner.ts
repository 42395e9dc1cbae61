/**
 * The life of a task, exactly once without a state store. What a task emits is a function of its
 * records; so a new owner reads a little again, emits nothing of it, and goes on:
 *
 *          rewind              committed
 *   ─────────┼─────────────────────┼──────────────▶ merged order of the inputs
 *            │  replay: rebuild    │  live: process, then commit output, dead letters,
 *            │  the state, discard │  memory and offsets in one transaction
 *
 *   assign ─▶ fence, load memory ─▶ replay ─▶ fetch ─▶ process ─▶ write ─┬─▶ commit ─┬─▶ drained
 *                                               ▲                        │ behind    │
 *                                               └────────────────────────┴───────────┘
 */
import { hasCode, type WattstreamError } from "../errors.ts";
import type { TaskLog } from "../log/log.ts";
import type { HouseholdEvent } from "./household.ts";
import { HouseholdTask } from "./household_task.ts";
import { othersTurn } from "../others_turn.ts";
import { InputMerge } from "./input_merge.ts";
import { adviceOn, skipLost } from "./lost_records.ts";
import { addOutcomes, noOutcomes } from "./outcomes.ts";
import { RewindPoints } from "./rewind_points.ts";
import type { RunnerParts } from "./runner_parts.ts";
import {
  checkPartitionCount,
  decodeMemory,
  encodeMemory,
  encodePartitionCount,
  type TaskMemory,
} from "./task_memory.ts";
import { ReadCounts } from "./topic_counts.ts";
import { taskView } from "./task_view.ts";
import { tickOf } from "./tick.ts";

/** Bounds of a batch, which is written at a time, beside its output: records read, more than a fetch brings. */
const BATCH_RECORDS_MAX = 2_500;

/** A rewind point is noted at the start of a batch and every so many records within. */
const REWIND_STEP_RECORDS = 64;

/** How long one fetch may wait: longer when only news of any kind is awaited. */
const IDLE_WAIT_MS = 500;
const MERGE_WAIT_MS = 50;

/** Runs one task until `signal` aborts; the batch in hand is committed first. */
export async function runTask<E extends HouseholdEvent>(
  log: TaskLog,
  parts: RunnerParts<E>,
  signal: AbortSignal,
): Promise<void> {
  const startMs = parts.nowMs();
  const runner = new TaskRunner(log, parts);
  parts.observer.assigned(log.partition);
  try {
    await runner.skippingLost(() => runner.recover(signal));
    if (signal.aborted) return;
    runner.tellRecovered(parts.nowMs() - startMs);
    while (!signal.aborted) await runner.skippingLost(() => runner.step(signal));
    await runner.finish();
  } finally {
    parts.observer.ended(log.partition);
  }
}

class TaskRunner<E extends HouseholdEvent> {
  readonly #log: TaskLog;
  readonly #parts: RunnerParts<E>;
  #task!: HouseholdTask<E>;
  #merge!: InputMerge;
  /** The place up to which is committed. */
  #committedPlace = 0;
  readonly #rewinds = new RewindPoints();
  #outcomes = noOutcomes();
  /** See {@link Checkpoint.lostUpToS}. */
  #lostUpToS: number | undefined;
  /** Whether the memory says of how many partitions it is. */
  #isCountKept = false;
  /** When a record last came, or a tick was written. */
  #heardMs: number;
  /** Since when there is something to commit; undefined where there is nothing. */
  #openSinceMs: number | undefined;
  #replayedCount = 0;
  readonly #reads: ReadCounts;

  constructor(log: TaskLog, parts: RunnerParts<E>) {
    this.#log = log;
    this.#parts = parts;
    this.#reads = new ReadCounts(parts.core.inputs);
    this.#heardMs = parts.nowMs();
  }

  /** Loads the memory and replays what is held, with all output discarded. */
  async recover(signal: AbortSignal): Promise<void> {
    const { core, settings } = this.#parts;
    const memory = decodeMemory(await this.#log.loadMemory(), core.isMemory);
    checkPartitionCount(memory, core, settings.partitionCount);
    this.#isCountKept = memory.partitionCount !== undefined;
    // The memory's own offsets, where there are any: what a group's coordinator says of them can be
    // out of date. Kafka 4.3 was seen to answer with none, without an error, while it loaded them
    // after an unclean restart.
    const committed = memory.checkpoint?.offsets ?? await this.#log.committedOffsets();
    this.#start(memory, memory.checkpoint?.rewind ?? committed);
    this.#merge.limitTo(committed);
    while (!this.#merge.isExhausted && !signal.aborted) {
      if (this.#merge.next() === -1) await this.#fetch(MERGE_WAIT_MS, signal);
      await othersTurn();
      this.#replayedCount += this.#processBatch();
      this.#task.takeOutput();
      this.#task.reuseOutput();
      this.#task.takeNotes();
    }
    this.#reads.take();
    this.#committedPlace = this.#merge.place;
    this.#merge.limitTo(committed.map(() => Infinity));
  }

  /** Tells that the task is rebuilt, and lets those who watch look at it. */
  tellRecovered(tookMs: number): void {
    const { heldCount, householdCount } = this.#task;
    const counts = { replayedCount: this.#replayedCount, heldCount, householdCount };
    const recovery = { ...counts, totals: { ...this.#outcomes }, tookMs };
    const view = taskView(() => ({ merge: this.#merge, task: this.#task }));
    this.#parts.observer.recovered(this.#log.partition, recovery, view);
  }

  /** Sets out from a memory, to read on from these offsets. */
  #start({ checkpoint, households }: TaskMemory, offsets: readonly number[]): void {
    const { core, settings } = this.#parts;
    this.#outcomes = checkpoint?.outcomes ?? noOutcomes();
    this.#lostUpToS = checkpoint?.lostUpToS;
    this.#task = new HouseholdTask(
      core,
      { ...settings, partition: this.#log.partition },
      { households, lostUpToS: this.#lostUpToS },
    );
    this.#merge = new InputMerge(offsets);
    this.#rewinds.clear();
  }

  /**
   * Does `work`. Where the log no longer holds what it needs, the task goes on from what there is:
   * see lost_records.ts. @throws WattstreamError `retention` where it is to stop then.
   */
  async skippingLost(work: () => Promise<void>): Promise<void> {
    try {
      return await work();
    } catch (error) {
      if (!hasCode(error, "retention")) throw error;
      if (this.#parts.settings.lostRecords === "stop") throw adviceOn(error);
      await this.finish();
      await this.#skipLost(error);
    }
  }

  async #skipLost(error: WattstreamError): Promise<void> {
    const { core, observer } = this.#parts;
    const memory = decodeMemory(await this.#log.loadMemory(), core.isMemory);
    const committed = memory.checkpoint?.offsets ?? await this.#log.committedOffsets();
    const starts = await this.#log.startOffsets();
    const skipped = skipLost(memory.checkpoint, { core, committed, starts });
    // An offset that is not held and not removed is one of another log.
    if (skipped.ranges.length === 0) throw error;
    this.#start({ ...memory, checkpoint: skipped.checkpoint }, skipped.checkpoint.offsets);
    this.#task.countLost(skipped.lostCount);
    await this.#commit();
    observer.lost(this.#log.partition, skipped.ranges);
  }

  /** One round: fetch, process, write or commit; where there is nothing to do, a tick if it is time. */
  async step(signal: AbortSignal): Promise<void> {
    const merge = this.#merge;
    if (merge.next() === -1) {
      const isUrgent = merge.hasRecords || this.#openSinceMs !== undefined;
      await this.#fetch(isUrgent ? MERGE_WAIT_MS : IDLE_WAIT_MS, signal);
    }
    await othersTurn();
    // What is full has closed some households at least.
    if (this.#processBatch() > 0 || this.#task.isFull) this.#openSinceMs ??= this.#parts.nowMs();
    if (this.#openSinceMs === undefined) {
      if (merge.isAtEnd && !signal.aborted) await this.#idle();
    } else if (merge.isAtEnd || this.#isTransactionOver(this.#openSinceMs)) await this.#commit();
    else await this.#write();
  }

  /** Commits what is written. */
  async finish(): Promise<void> {
    if (this.#openSinceMs !== undefined) await this.#commit();
  }

  #isTransactionOver(openSinceMs: number): boolean {
    const openMs = this.#parts.nowMs() - openSinceMs;
    // A clock that was set back must not keep it open.
    return openMs < 0 || openMs >= this.#log.transactionMs;
  }

  async #fetch(waitMs: number, signal: AbortSignal): Promise<void> {
    const { nowMs, observer } = this.#parts;
    const startMs = nowMs();
    const fetched = await this.#log.fetch(this.#merge.wanted(), waitMs, signal);
    this.#merge.add(fetched);
    const count = fetched.reduce((sum, each) => sum + (each?.places.count ?? 0), 0);
    observer.fetched(this.#log.partition, count, nowMs() - startMs);
  }

  /** Processes what may pass, within the bounds of a batch. Returns the number of records taken. */
  #processBatch(): number {
    const task = this.#task;
    const merge = this.#merge;
    let count = 0;
    while (count < BATCH_RECORDS_MAX && !task.isFull) {
      const input = merge.next();
      if (input === -1) break;
      const place = merge.place;
      if (count % REWIND_STEP_RECORDS === 0) this.#rewinds.note(place, merge.positions());
      if (!task.process(merge.records(input), merge.index(input), input, place)) break;
      merge.take(input);
      this.#reads.add(input, task.lastAppendMs);
      count++;
    }
    if (count > 0) this.#heardMs = this.#parts.nowMs();
    return count;
  }

  /** The last noted place that is not past the oldest record held. */
  #rewind(): readonly number[] {
    const oldest = this.#task.oldestPlace();
    if (oldest !== Infinity) return this.#rewinds.notPast(oldest);
    this.#rewinds.clear();
    return this.#merge.positions();
  }

  async #commit(): Promise<void> {
    const startMs = this.#parts.nowMs();
    const { outcomes, emitted, silencedCount, memories } = this.#task.takeNotes();
    addOutcomes(this.#outcomes, outcomes);
    const { heldCount } = this.#task;
    await this.#commitNotes(memories, heldCount);
    this.#openSinceMs = undefined;
    this.#committedPlace = this.#merge.place;
    const totals = { ...this.#outcomes };
    this.#parts.observer.committed({
      partition: this.#log.partition,
      ...{ outcomes, totals, ...this.#reads.take(), emitted, silencedCount },
      householdCount: this.#task.householdCount,
      heldCount,
      mergeViolations: this.#merge.violations,
      memories,
    }, this.#parts.nowMs() - startMs);
  }

  /**
   * Hands the output to the log and lets go of it. Not async, since whoever waits holds what it has:
   * the records of all tasks that wait for the log were most of what was ever held.
   */
  #write(): Promise<void> {
    return this.#log.write(this.#task.takeOutput()).then(() => this.#task.reuseOutput());
  }

  /** The same with all that is to be noted of it. */
  #commitNotes(memories: ReadonlyMap<string, string>, held: number): Promise<void> {
    const offsets = this.#merge.positions();
    const checkpoint = {
      offsets,
      rewind: this.#rewind(),
      outcomes: this.#outcomes,
      held,
      newestS: this.#task.newestS,
      lostUpToS: this.#lostUpToS,
    };
    const memory = encodeMemory(checkpoint, memories);
    if (!this.#isCountKept) {
      memory.set(...encodePartitionCount(this.#parts.settings.partitionCount));
      this.#isCountKept = true;
    }
    return this.#log.commit({ records: this.#task.takeOutput(), memory, offsets })
      .then(() => this.#task.reuseOutput());
  }

  /** At the end of all inputs, with nothing to write. */
  async #idle(): Promise<void> {
    // What ends a transaction is no record, and may come by itself: offsets must not stay before it.
    if (this.#merge.place === this.#committedPlace) await this.#tickIfQuiet();
    else await this.#commit();
  }

  /**
   * Appends a tick where the partition has been quiet for `quiet-timeout` with something open: the
   * one use of the wall clock, and it becomes part of the log.
   */
  async #tickIfQuiet(): Promise<void> {
    if (this.#parts.nowMs() - this.#heardMs < this.#parts.settings.quietTimeoutMs) return;
    if (!this.#task.isOpen) return;
    this.#heardMs = this.#parts.nowMs();
    await this.#log.write([tickOf(this.#log.partition, this.#parts.core.name)]);
    await this.#commit();
  }
}
