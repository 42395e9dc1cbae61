/**
 * What a worker does with one household, as the runtime sees it. The runtime knows nothing of windows
 * or sessions; a worker's core knows nothing of logs, clocks or transactions.
 */
import type { Arena } from "../bytes/arena.ts";
import type { ByteRange } from "../bytes/byte_range.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { NamesAhead } from "../bytes/scanned_event.ts";
import type { Decoded, HouseholdIdentity } from "../events.ts";
import type { RecordPlaces } from "../log/record_places.ts";
import type { HouseholdName } from "./household_name.ts";
import type { Outcome } from "./outcomes.ts";

/** What every input event has. One object may stand for one event after the other. */
export interface HouseholdEvent {
  /** The names as JSON, with their quotes. */
  readonly clientId: ByteRange;
  readonly username: ByteRange;
  /** Event time, s. */
  readonly timestamp: number;
  /** The names, where they were known before it was read: see {@link WorkerCore.decode}. */
  readonly names?: NamesAhead | undefined;
}

/** What a household made of an event: an outcome, or held until its outcome is known. */
export type Verdict = "used" | "partly_late" | "held" | "duplicate" | "late" | "unfused";

/** A record that a household puts out. */
export interface HouseholdOutput {
  /** One of the core's output topics. */
  readonly topic: string;
  readonly value: string | Uint8Array;
  /** Where it is not the client id. The record stands in the household's partition all the same. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where a household puts what it finds out. */
export interface HouseholdSink {
  emit(identity: HouseholdIdentity, output: HouseholdOutput): void;
  /**
   * Begins an output of the household's key that is written as bytes. They start with its names,
   * `{"client_id":…,"username":…`, and are to be gone on with.
   */
  begin(name: HouseholdName, topic: string): ByteWriter;
  /** Emits the output that was begun, whose bytes are complete. */
  end(): void;
  /** Counts `records` held before as this outcome. */
  settle(outcome: Outcome, records: number): void;
  /**
   * Keeps a text in the task's memory, in place of the household's former one. Needed for whatever a
   * replay that starts at the oldest record held could not derive.
   */
  remember(identity: HouseholdIdentity, memory: string): void;
}

/** What a household is made of. */
export interface HouseholdParts {
  readonly name: HouseholdName;
  /** What is remembered of it; nothing where it is new. */
  readonly memory: string | undefined;
  readonly sink: HouseholdSink;
  /** Where it keeps what it holds. */
  readonly arena: Arena;
}

/**
 * The live state of one household. What it has taken in last it holds until it is closed, or it never
 * holds anything.
 */
export interface Household<E extends HouseholdEvent> {
  /** Takes in an event that came as the record at `place` of input `input`. */
  accept(event: E, input: number, place: number): Verdict;
  /** Closes all that is open, as if the watermark had passed it, and remembers how far. */
  close(): void;
  /** Gives its memory back, after which it is of no more use. */
  release(): void;
  /** How far the household is closed, s: nothing before it is taken in any more. */
  readonly closedS: number;
  /**
   * Place of the oldest record that a recovery must read again; Infinity where there is none. It never
   * goes back.
   */
  oldestPlace(): number;
}

/** A worker as the runtime sees it. */
export interface WorkerCore<E extends HouseholdEvent> {
  /** Consumer group and `source` of dead letters. */
  readonly name: string;
  /** Input topics, sorted by name. */
  readonly inputs: readonly string[];
  /** Those of them that are compacted: their keys are user and client id. */
  readonly compactedInputs?: readonly string[];
  readonly outputTopics: readonly string[];
  /**
   * Reads the event in the value of a record.
   * @param names that the value is known to begin with; who makes use of them says so in the event
   */
  decode(input: number, records: RecordPlaces, index: number, names?: NamesAhead): Decoded<E>;
  /** Whether a text is what this core remembers of a household. */
  isMemory(text: string): boolean;
  /** What is remembered of a household that takes in nothing up to and including `second`. */
  closedPast(second: number, memory: string | undefined): string | undefined;
  household(parts: HouseholdParts): Household<E>;
}
