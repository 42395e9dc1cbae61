/**
 * One task's log in memory, with a clock moved by its own fetches: records arrive as it runs, a
 * little after their append time and not at the same pace for each input, as from two brokers.
 * Every transaction is kept, so that a run can be cut at any of them.
 */
import { WattstreamError } from "../errors.ts";
import { ByteRange } from "../bytes/byte_range.ts";
import type { Fetched, LogRecord, NewData, NewRecord, TaskCommit, TaskLog } from "../log/log.ts";
import { FetchedRecords, gatherPlaces } from "../log/record_places.ts";

/** What stands in the log after some number of transactions. */
export interface LogSnapshot {
  readonly memory: ReadonlyMap<string, string>;
  readonly offsets: readonly number[];
  /** Number of output records written so far. */
  readonly outputCount: number;
}

export interface SimulationOptions {
  readonly partition: number;
  /** The whole of each input, ascending. */
  readonly inputs: readonly (readonly LogRecord[])[];
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  readonly start?: LogSnapshot;
  /** What is before these offsets, one an input, has been removed. Default: nothing. */
  readonly starts?: readonly number[];
}

/** Records arrive within this after their append time: less than the skew that the merge allows. */
const ARRIVAL_DELAY_MS_MAX = 900;
const CLOCK_STEP_MS_MAX = 3_000;
const FETCH_RECORDS_MAX = 3;

export class SimulatedTaskLog implements TaskLog {
  readonly partition: number;
  readonly transactionMs = 250;
  readonly outputs: NewRecord[] = [];
  readonly snapshots: LogSnapshot[] = [];
  /** Aborts once every record has been processed and committed. */
  readonly done = new AbortController();
  nowMs: number;
  readonly #options: SimulationOptions;
  #memory: Map<string, string>;
  #offsets: readonly number[];
  readonly #written: NewRecord[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.partition = options.partition;
    this.#memory = new Map(options.start?.memory ?? []);
    this.#offsets = options.start?.offsets ?? options.inputs.map(() => 0);
    this.nowMs = Math.min(...options.inputs.map((records) => records[0]?.appendMs ?? Infinity));
    this.#finishAtEnd();
  }

  loadMemory(): Promise<Map<string, string>> {
    return Promise.resolve(new Map(this.#memory));
  }

  committedOffsets(): Promise<number[]> {
    return Promise.resolve([...this.#offsets]);
  }

  startOffsets(): Promise<number[]> {
    return Promise.resolve(this.#starts());
  }

  fetch(offsets: readonly (number | undefined)[]): Promise<(Fetched | undefined)[]> {
    const { random, inputs } = this.#options;
    const starts = this.#starts();
    if (offsets.some((offset, index) => offset !== undefined && offset < starts[index]!)) {
      return Promise.reject(new WattstreamError("retention", `${offsets} are not held`));
    }
    // Often no time passes between two fetches, so that transactions of several batches occur; it
    // does where all random numbers are 0.5.
    if (random() <= 0.5) this.nowMs += Math.floor(random() * CLOCK_STEP_MS_MAX);
    return Promise.resolve(offsets.map((offset, index) => {
      if (offset === undefined) return undefined;
      const arrivedMs = this.nowMs - Math.floor(random() * ARRIVAL_DELAY_MS_MAX);
      const rest = inputs[index]!.filter((record) => record.offset >= offset);
      const limit = 1 + Math.floor(random() * FETCH_RECORDS_MAX);
      const arrived = rest.findIndex((record) => record.appendMs > arrivedMs);
      const available = arrived === -1 ? rest : rest.slice(0, arrived);
      const records = available.slice(0, limit);
      const source = { topic: inputs[index]![0]?.topic ?? "", partition: this.partition };
      return new FetchedRecords(gatherPlaces(source, records), {
        nextOffset: (records.at(-1)?.offset ?? offset - 1) + 1,
        atEndMs: records.length === available.length ? this.nowMs : undefined,
      });
    }));
  }

  async write(records: readonly NewRecord[]): Promise<void> {
    this.#written.push(...await taken(records));
  }

  async commit(commit: TaskCommit): Promise<void> {
    const records = await taken(commit.records);
    this.outputs.push(...this.#written.splice(0), ...records);
    this.#memory = new Map([...this.#memory, ...commit.memory]);
    this.#offsets = commit.offsets;
    this.snapshots.push({
      memory: this.#memory,
      offsets: this.#offsets,
      outputCount: this.outputs.length,
    });
    this.#finishAtEnd();
  }

  #starts(): number[] {
    return this.#options.inputs.map((_, index) => this.#options.starts?.[index] ?? 0);
  }

  #finishAtEnd(): void {
    const isAtEnd = this.#options.inputs.every((records, index) =>
      records.length === 0 || this.#offsets[index]! > records.at(-1)!.offset
    );
    if (isAtEnd) this.done.abort();
  }
}

/**
 * Records as the log has them from now on, with text for bytes: at the last moment, so that a caller
 * shows who uses them again too early, and of its own, since later they may.
 */
async function taken(records: readonly NewRecord[]): Promise<NewRecord[]> {
  await Promise.resolve();
  return records.map((record) => ({
    ...record,
    key: textOfData(record.key),
    value: textOfData(record.value),
  }));
}

const decoder = new TextDecoder();

function textOfData(data: NewData): string | null {
  if (data === null || typeof data === "string") return data;
  return decoder.decode(data instanceof ByteRange ? data.view() : data);
}
