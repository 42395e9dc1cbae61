/**
 * The readings that the open windows of a household hold, ascending by timestamp: numbers in one slab,
 * their power as texts in another. What is dropped leaves its place free until there is no other, so that not every
 * reading moves all others.
 *
 *   │ (dropped) 101 place 102 place 103 place │ free │
 */
import { type Arena, Slab } from "../../shared/bytes/arena.ts";
import type { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { JoinedTexts } from "../../shared/bytes/joined_texts.ts";
import type { ScannedEvent } from "../../shared/bytes/scanned_event.ts";

const COMMA = 0x2c;
const DOUBLE_BYTES = 8;
/** Timestamp and place. */
const ENTRY_BYTES = 2 * DOUBLE_BYTES;
const FIRST_COUNT = 8;

export class HeldReadings extends Slab {
  readonly #consumptionTexts: JoinedTexts;
  #count = 0;
  #dropped = 0;

  constructor(arena: Arena) {
    super(arena, FIRST_COUNT * ENTRY_BYTES);
    this.#consumptionTexts = new JoinedTexts(arena);
  }

  get count(): number {
    return this.#count;
  }

  timestamp(index: number): number {
    return this.page.doubles[this.#entry(index)]!;
  }

  /** Index of the first reading at or after `second`, none of which stands before `index`. */
  indexFrom(second: number, index: number): number {
    const { doubles } = this.page;
    let entry = this.#entry(index);
    const end = this.#entry(this.#count);
    while (entry < end && doubles[entry]! < second) entry += 2;
    return this.#count - (end - entry) / 2;
  }

  /** Place of a reading's record in the merged order. */
  place(index: number): number {
    return this.page.doubles[this.#entry(index) + 1]!;
  }

  /** Puts a reading before the one at `index`, at the end in most cases. */
  insert(index: number, reading: ScannedEvent, place: number): void {
    this.#makeRoom();
    const { doubles } = this.page;
    const entry = this.#entry(index);
    const end = this.#entry(this.#count);
    if (entry < end) doubles.copyWithin(entry + 2, entry, end);
    doubles[entry] = reading.timestamp;
    doubles[entry + 1] = place;
    this.#count++;
    this.#consumptionTexts.insert(index, reading.consumption);
  }

  /** Lets go of the first `count` readings. */
  drop(count: number): void {
    this.#count -= count;
    this.#dropped = this.#count === 0 ? 0 : this.#dropped + count;
    this.#consumptionTexts.drop(count);
  }

  /** Writes the timestamps of the readings `[first, end)`, joined by commas. */
  writeTimestamps(writer: ByteWriter, first: number, end: number): void {
    for (let index = first; index < end; index++) {
      if (index > first) writer.byte(COMMA);
      writer.whole(this.timestamp(index));
    }
  }

  /** Writes the power of the readings `[first, end)`, W, joined by commas. */
  writeConsumption(writer: ByteWriter, first: number, end: number): void {
    this.#consumptionTexts.write(writer, first, end);
  }

  override release(): void {
    super.release();
    this.#consumptionTexts.release();
  }

  /** Where a reading's numbers start among the doubles of the page. */
  #entry(index: number): number {
    return this.start / DOUBLE_BYTES + 2 * (this.#dropped + index);
  }

  #makeRoom(): void {
    const capacity = Math.floor(this.size / ENTRY_BYTES);
    if (this.#dropped + this.#count < capacity) return;
    const [first, end] = [this.#dropped * ENTRY_BYTES, capacity * ENTRY_BYTES];
    this.#dropped = 0;
    // With less than an eighth gained, they would be moved again too soon.
    if (this.#count + 1 <= capacity * 0.875) {
      this.page.bytes.copyWithin(this.start, this.start + first, this.start + end);
      return;
    }
    const former = this.takeOther((this.#count + 1) * 1.25 * ENTRY_BYTES);
    const { page: { bytes }, start } = former;
    this.page.bytes.set(bytes.subarray(start + first, start + end), this.start);
    this.page.arena.give(former);
  }
}
