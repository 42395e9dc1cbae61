/**
 * The seconds of an open session, on a tape: what each needs until the session is emitted, and text
 * only then.
 *
 *   │ second 4 │ bitmap 1 to 32 │ watts as text │
 */
import type { Arena } from "../../shared/bytes/arena.ts";
import type { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { memoryOf } from "../../shared/bytes/memory.ts";
import { Tape } from "../../shared/bytes/tape.ts";
import { bitmapBytes, type PendingSeconds } from "./pending_seconds.ts";

const BITMAP_AT = 4;
const ENTRY_BYTES_MAX = 128;

const TRUE = memoryOf("true");
const FALSE = memoryOf("false");
const COMMA = 0x2c;
const LIST = 0x5b;
const LIST_END = 0x5d;

/** Where an entry is put together: one at a time, of whichever session. */
const entry = new Uint8Array(ENTRY_BYTES_MAX);
const entryView = new DataView(entry.buffer);

export class FusedSeconds {
  readonly startS: number;
  /** Devices in each of the bitmaps. */
  readonly deviceCount: number;
  count = 0;
  readonly #tape: Tape;

  /** None yet, of a session that begins at `startS`. */
  constructor(
    { startS, deviceCount }: { readonly startS: number; readonly deviceCount: number },
    arena: Arena,
  ) {
    this.startS = startS;
    this.deviceCount = deviceCount;
    this.#tape = new Tape(arena);
  }

  /** Adds a pending second of which both is known, the next one. */
  add(seconds: PendingSeconds, index: number): void {
    entryView.setUint32(0, seconds.timestamp(index) - this.startS);
    const wattsAt = seconds.copyBitmap(index, entry, BITMAP_AT);
    this.#tape.append(entry, 0, seconds.copyWatts(index, entry, wattsAt));
    this.count++;
  }

  /** Writes all timestamps, joined by commas. */
  writeTimestamps(writer: ByteWriter): void {
    let separator = false;
    this.#tape.forEach(({ view }, start) => {
      if (separator) writer.byte(COMMA);
      separator = true;
      writer.whole(this.startS + view.getUint32(start));
    });
  }

  /** The same of their power. */
  writeConsumption(writer: ByteWriter): void {
    let separator = false;
    this.#tape.forEach((memory, start, end) => {
      if (separator) writer.byte(COMMA);
      separator = true;
      writer.copy(memory, start + BITMAP_AT + bitmapBytes(this.deviceCount), end);
    });
  }

  /** The same of their bitmaps. */
  writeBitmaps(writer: ByteWriter): void {
    let separator = false;
    this.#tape.forEach(({ bytes }, start) => {
      if (separator) writer.byte(COMMA);
      separator = true;
      for (let device = 0; device < this.deviceCount; device++) {
        writer.byte(device === 0 ? LIST : COMMA);
        const isOn = (bytes[start + BITMAP_AT + (device >> 3)]! & (1 << (device & 7))) !== 0;
        writer.copy(isOn ? TRUE : FALSE);
      }
      writer.byte(LIST_END);
    });
  }

  release(): void {
    this.#tape.clear();
  }
}
