/**
 * What has come out of a task and is not written yet: outputs as bytes, one behind the other in one
 * array, and records for them that are used again and again. What is rare, like a dead letter, is text.
 *
 *   bytes     home-1 {"client_id":"home-1",…} home-2 {"client_id":"home-2",…} …
 *   records    key    value                    key    value
 */
import { ByteRange } from "../bytes/byte_range.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import type { NewRecord } from "../log/log.ts";
import type { HouseholdName } from "./household_name.ts";

/** An array that has grown beyond this is not kept. */
const KEPT_BYTES_MAX = 1 << 20;

interface OutputRecord {
  topic: string;
  readonly key: ByteRange;
  readonly value: ByteRange;
  readonly partition: number;
}

export class TaskOutput {
  readonly #partition: number;
  #writer = new ByteWriter();
  readonly #pool: OutputRecord[] = [];
  #usedCount = 0;
  #records: NewRecord[] = [];
  #addedSize = 0;
  #topic = "";
  #keyStart = 0;
  #valueStart = 0;

  /** Of the task of this number, whose outputs all go to the partition of that number. */
  constructor(partition: number) {
    this.#partition = partition;
  }

  /** Bytes of what is not taken yet, characters of what is text. */
  get size(): number {
    return this.#writer.length + this.#addedSize;
  }

  /** Begins an output of a household with its names. */
  begin(name: HouseholdName, topic: string): ByteWriter {
    const writer = this.#writer;
    this.#topic = topic;
    this.#keyStart = writer.length;
    this.#valueStart = writer.length + name.keyLength;
    name.write(writer);
    return writer;
  }

  /** Ends the output that was begun. */
  end(): void {
    const { bytes, length } = this.#writer;
    const record = this.#pool[this.#usedCount] ??= {
      topic: "",
      key: new ByteRange(),
      value: new ByteRange(),
      partition: this.#partition,
    };
    this.#usedCount++;
    record.topic = this.#topic;
    // Should the writer take a larger array later, this one still holds what was written until now.
    record.key.set(bytes, this.#keyStart, this.#valueStart);
    record.value.set(bytes, this.#valueStart, length);
    this.#records.push(record);
  }

  /** Adds a record that is no bytes of this output. */
  add(record: NewRecord, size: number): void {
    this.#records.push(record);
    this.#addedSize += size;
  }

  /** The records since the last call. Their bytes are theirs until {@link reuse}. */
  take(): NewRecord[] {
    const records = this.#records;
    this.#records = [];
    this.#addedSize = 0;
    return records;
  }

  /** Begins again in the same memory, once nobody reads the records taken any more. */
  reuse(): void {
    this.#usedCount = 0;
    if (this.#writer.bytes.length > KEPT_BYTES_MAX) this.#writer = new ByteWriter();
    else this.#writer.clear();
  }
}
