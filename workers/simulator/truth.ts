/**
 * The truth behind simulated readings, in a file of JSON lines: for each cycle of a household, whether
 * it is published or not, which devices were on and what each draws.
 */
import { messageOf, WattstreamError } from "../../shared/errors.ts";

/** Characters that are gathered before they are written. */
const WRITE_LENGTH = 64 * 1024;

/** One cycle. Timestamp and consumption are those of the reading. */
export interface DrawnCycle {
  readonly username: string;
  readonly client_id: string;
  readonly timestamp: number;
  readonly consumption: number;
  readonly state_bitmap: readonly boolean[];
  /** What each device draws while it is on, W. */
  readonly watts: readonly number[];
  /** Seconds by which the meter's clock is ahead; left out where it is right. */
  readonly clock_s?: number;
}

export class TruthFile implements Disposable {
  readonly #file: Deno.FsFile;
  #waiting = "";

  /** @throws WattstreamError `config` where the file cannot be written. */
  constructor(path: string) {
    try {
      this.#file = Deno.openSync(path, { create: true, write: true, truncate: true });
    } catch (cause) {
      throw new WattstreamError("config", `Choose another --truth: ${messageOf(cause)}`, { cause });
    }
  }

  /** @throws what the disk says. */
  add(cycle: DrawnCycle): void {
    this.#waiting += `${JSON.stringify(cycle)}\n`;
    if (this.#waiting.length >= WRITE_LENGTH) this.#write();
  }

  #write(): void {
    const bytes = new TextEncoder().encode(this.#waiting);
    this.#waiting = "";
    for (let written = 0; written < bytes.length;) {
      written += this.#file.writeSync(bytes.subarray(written));
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#write();
    } finally {
      this.#file.close();
    }
  }
}
