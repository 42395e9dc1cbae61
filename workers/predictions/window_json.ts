/**
 * Windows as JSON, behind the names of their household:
 *
 *   ,"window_start":100,"window_end":115,"timestamps":[100,101,…],"consumption":[230.5,231,…]}
 *   ╰──────────────────────── head ─────────────────────────────╯
 */
import { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { memoryOf } from "../../shared/bytes/memory.ts";
import type { HeldReadings } from "./held_readings.ts";

const START = memoryOf(',"window_start":');
const END = memoryOf(',"window_end":');
const TIMESTAMPS = memoryOf(',"timestamps":[');
const CONSUMPTION = memoryOf('],"consumption":[');
const ALL = memoryOf("]}");
const COMMA = 0x2c;

export class WindowWriter {
  readonly #windowS: number;
  /** The head of the last window that had a reading at every second: that of most households is it. */
  readonly #full = new ByteWriter();
  #fullStartS = -1;
  /** A view of it: one for each copy would be half of what a window allocates. */
  #fullHead: Uint8Array = this.#full.bytes;

  /** Of windows of this length. */
  constructor(windowS: number) {
    this.#windowS = windowS;
  }

  /** Writes the window from `startS`, which holds the readings `[first, end)`, at least one. */
  write(
    writer: ByteWriter,
    startS: number,
    readings: HeldReadings,
    first: number,
    end: number,
  ): void {
    if (end - first === this.#windowS) this.#writeFullHead(writer, startS);
    else {
      this.#writeSpan(writer, startS);
      readings.writeTimestamps(writer, first, end);
    }
    writer.copy(CONSUMPTION);
    readings.writeConsumption(writer, first, end);
    writer.copy(ALL);
  }

  /** Writes a head whose timestamps follow from the window. */
  #writeFullHead(writer: ByteWriter, startS: number): void {
    const full = this.#full;
    if (startS !== this.#fullStartS) {
      full.clear();
      this.#writeSpan(full, startS);
      for (let second = startS; second < startS + this.#windowS; second++) {
        if (second > startS) full.byte(COMMA);
        full.whole(second);
      }
      this.#fullStartS = startS;
      this.#fullHead = full.bytes.subarray(0, full.length);
    }
    writer.put(this.#fullHead);
  }

  #writeSpan(writer: ByteWriter, startS: number): void {
    writer.copy(START);
    writer.whole(startS);
    writer.copy(END);
    writer.whole(startS + this.#windowS);
    writer.copy(TIMESTAMPS);
  }
}
