/** Reads the cells of a table's rows, of text or of values: a time, watts, states. */
import { WattstreamError } from "../../../shared/errors.ts";
import { shortened } from "../../../shared/events.ts";
import { type Columns, type DeviceColumn, wattsFactorOf } from "./columns.ts";
import { isMissing, numberOf, stateOf } from "./notation.ts";
import { type DateOrder, isLocalTime, secondsOf } from "./times.ts";
import type { Row } from "./recording.ts";

/** Characters of a cell in an error. */
const CELL_LENGTH_MAX = 100;
const TIME_OF_DAY = /^\d{1,2}:\d\d/;

export interface CellsOptions {
  readonly path: string;
  readonly columns: Columns;
  readonly header: readonly string[];
  readonly separator: string;
  readonly dateOrder?: DateOrder;
  /** A device is on above so many watts. */
  readonly onThreshold: number;
  readonly withWatts?: boolean | undefined;
}

/** What a row says of its time: of a time of the day with the date beside it. */
export function timeTextOf(cells: readonly string[], { time, date }: Columns): string {
  const text = cells[time]!.trim();
  return date !== undefined && TIME_OF_DAY.test(text) ? `${cells[date]!.trim()} ${text}` : text;
}

export class Cells {
  readonly #options: CellsOptions;
  /** The few vectors that occur, so that a long file shares them. */
  readonly #bitmaps = new Map<string, boolean[]>();
  readonly #mostW: number[];
  readonly #factors: readonly number[];

  constructor(options: CellsOptions) {
    this.#options = options;
    this.#mostW = options.columns.devices.map(() => -Infinity);
    this.#factors = options.header.map(wattsFactorOf);
  }

  /** @throws WattstreamError `config` that names line and column of what cannot be read. */
  row(cells: readonly string[], line: number): Row {
    const { columns, dateOrder, header, path } = this.#options;
    const { time, power } = columns;
    if (cells.slice(header.length).some((cell) => cell.trim() !== "")) {
      const counts = `expected ${header.length} cells, got ${cells.length}`;
      throw new WattstreamError("config", `${path}, line ${line}: ${counts}`);
    }
    const text = timeTextOf(cells, columns);
    const fileS = secondsOf(text, dateOrder);
    if (fileS === undefined) this.#refuse(cells, time, line, "YYYY-MM-DDTHH:MM:SS, or Unix time");
    return {
      fileS,
      powerW: this.#watts(cells, power, line),
      stateBitmap: this.#states(cells, line),
      ...(this.#options.withWatts === true && {
        devicesW: this.#options.columns.devices.map(({ wattsIndex }) =>
          wattsIndex === undefined ? undefined : this.#watts(cells, wattsIndex, line)
        ),
      }),
      isLocal: isLocalTime(text),
      line,
    };
  }

  /**
   * At the end of the file.
   * @throws WattstreamError `config` where states were taken for watts: no label is made up.
   */
  finish(): void {
    const { columns, path } = this.#options;
    for (const [at, { name, isState }] of columns.devices.entries()) {
      if (isState || this.#mostW[at] !== 1) continue;
      throw new WattstreamError(
        "config",
        `${path}, column ${name}: expected watts, got 0 and 1; for states call it ${name}_on`,
      );
    }
  }

  #watts(cells: readonly string[], index: number, line: number): number | undefined {
    const text = cells[index]!.trim();
    if (isMissing(text)) return undefined;
    const watts = numberOf(text, this.#options.separator);
    if (watts === undefined) this.#refuse(cells, index, line, "a number of watts");
    return this.#inWatts(watts, index);
  }

  /** Without what the multiplication adds behind the digits that there are. */
  #inWatts(value: number, index: number): number {
    const factor = this.#factors[index]!;
    return factor === 1 ? value : Math.round(value * factor * 1e6) / 1e6;
  }

  #states(cells: readonly string[], line: number): boolean[] | undefined {
    let key = "";
    let isKnown = true;
    for (const [at, device] of this.#options.columns.devices.entries()) {
      const isOn = this.#state(cells, device, at, line);
      if (isOn === undefined) isKnown = false;
      key += isOn ? "1" : "0";
    }
    if (!isKnown) return undefined;
    let bitmap = this.#bitmaps.get(key);
    if (bitmap === undefined) {
      bitmap = Array.from(key, (digit) => digit === "1");
      this.#bitmaps.set(key, bitmap);
    }
    return bitmap;
  }

  #state(
    cells: readonly string[],
    { index, isState }: DeviceColumn,
    at: number,
    line: number,
  ): boolean | undefined {
    const text = cells[index]!.trim();
    if (isMissing(text)) return undefined;
    const watts = isState ? undefined : numberOf(text, this.#options.separator);
    if (watts !== undefined) {
      this.#mostW[at] = Math.max(this.#mostW[at]!, watts);
      return this.#inWatts(watts, index) > this.#options.onThreshold;
    }
    const isOn = stateOf(text);
    if (isOn === undefined) this.#refuse(cells, index, line, isState ? "0 or 1" : "watts");
    return isOn;
  }

  #refuse(cells: readonly string[], index: number, line: number, expected: string): never {
    const { path, header } = this.#options;
    throw new WattstreamError(
      "config",
      `${path}, line ${line}, column ${shortened(header[index]!, CELL_LENGTH_MAX)}: ` +
        `expected ${expected}, got "${shortened(cells[index]!, CELL_LENGTH_MAX)}"`,
    );
  }
}
