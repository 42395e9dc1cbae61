/**
 * The seconds of an open session, on a tape: what each needs until the session is emitted, and text
 * only then.
 *
 *   │ seconds since the one before 1 to 5 │ bitmap 1 to 32 │ watts as text │
 */
import type { Arena } from "../../shared/bytes/arena.ts";
import type { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { memoryOf } from "../../shared/bytes/memory.ts";
import { Tape } from "../../shared/bytes/tape.ts";
import { bitmapBytes, type PendingSeconds } from "./pending_seconds.ts";

const ENTRY_BYTES_MAX = 128;

const TRUE = memoryOf("true");
const FALSE = memoryOf("false");
const COMMA = 0x2c;
const LIST = 0x5b;
const LIST_END = 0x5d;

/** Where an entry is put together: one at a time, of whichever session. */
const entry = new Uint8Array(ENTRY_BYTES_MAX);

export class FusedSeconds extends Tape {
  readonly startS: number;
  lastS: number;
  /** Devices in each of the bitmaps. */
  readonly deviceCount: number;
  count = 0;
  /** Place of the oldest of their records. */
  oldestPlace: number;

  /** None yet, of a session that begins at `startS`, with a record at `place`. */
  constructor(
    { startS, deviceCount, place }: {
      readonly startS: number;
      readonly deviceCount: number;
      readonly place: number;
    },
    arena: Arena,
  ) {
    super(arena);
    this.startS = startS;
    this.lastS = startS;
    this.deviceCount = deviceCount;
    this.oldestPlace = place;
  }

  /** Adds a pending second of which both is known, the next one. */
  add(seconds: PendingSeconds, index: number): void {
    const [timestamp, place] = [seconds.timestamp(index), seconds.place(index)];
    const bitmapAt = writeStep(timestamp - this.lastS);
    const wattsAt = seconds.copyBitmap(index, entry, bitmapAt);
    this.append(entry, 0, seconds.copyWatts(index, entry, wattsAt));
    this.lastS = timestamp;
    this.count++;
    if (place < this.oldestPlace) this.oldestPlace = place;
  }

  /** Writes all timestamps, joined by commas. */
  writeTimestamps(writer: ByteWriter): void {
    let timestamp = this.startS;
    let separator = false;
    this.forEach(({ bytes }, start) => {
      if (separator) writer.byte(COMMA);
      separator = true;
      writer.whole(timestamp += readStep(bytes, start));
    });
  }

  /** The same of their power. */
  writeConsumption(writer: ByteWriter): void {
    const size = bitmapBytes(this.deviceCount);
    let separator = false;
    this.forEach((memory, start, end) => {
      if (separator) writer.byte(COMMA);
      separator = true;
      writer.copy(memory, stepEnd(memory.bytes, start) + size, end);
    });
  }

  /** The same of their bitmaps. */
  writeBitmaps(writer: ByteWriter): void {
    let separator = false;
    this.forEach(({ bytes }, start) => {
      if (separator) writer.byte(COMMA);
      separator = true;
      const bitmapAt = stepEnd(bytes, start);
      for (let device = 0; device < this.deviceCount; device++) {
        writer.byte(device === 0 ? LIST : COMMA);
        const isOn = (bytes[bitmapAt + (device >> 3)]! & (1 << (device & 7))) !== 0;
        writer.copy(isOn ? TRUE : FALSE);
      }
      writer.byte(LIST_END);
    });
  }
}

/** Writes a number of seconds into the entry, seven bits a byte, the lowest first. Returns where it ends. */
function writeStep(seconds: number): number {
  let at = 0;
  for (; seconds >= 0x80; seconds = Math.floor(seconds / 0x80)) entry[at++] = seconds % 0x80 | 0x80;
  entry[at++] = seconds;
  return at;
}

function readStep(bytes: Uint8Array, at: number): number {
  let seconds = 0;
  for (let factor = 1;; factor *= 0x80) {
    const byte = bytes[at++]!;
    seconds += (byte & 0x7f) * factor;
    if (byte < 0x80) return seconds;
  }
}

/** Where the number of seconds ends that begins at `at`. */
function stepEnd(bytes: Uint8Array, at: number): number {
  while (bytes[at]! >= 0x80) at++;
  return at + 1;
}
