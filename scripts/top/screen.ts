/** A block of text that is redrawn in place on a terminal, and printed anew elsewhere. A door to it. */
import { createLogUpdate } from "log-update";
import process from "node:process";
import { print, printable } from "../../shared/service/terminal.ts";

const ROWS_ELSEWHERE = 1000;

export class Screen {
  readonly #update = process.stdout.isTTY ? createLogUpdate(process.stdout) : undefined;

  /** Lines that fit. */
  get rows(): number {
    return this.#update === undefined ? ROWS_ELSEWHERE : process.stdout.rows;
  }

  show(text: string): void {
    if (this.#update === undefined) print(`${text}\n`);
    else this.#update(printable(text));
  }

  /** Leaves what is shown where it is. */
  close(): void {
    this.#update?.done();
  }
}
