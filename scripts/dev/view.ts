/**
 * What `deno task dev` shows while it runs: a block that is redrawn in place on a terminal, a line a
 * second elsewhere. Lines of its own (the header, warnings, the report) stay. A door to the terminal.
 */
import { createLogUpdate } from "log-update";
import process from "node:process";
import { withoutCredentials } from "../../shared/service/secrets.ts";
import { printable } from "../../shared/service/terminal.ts";
import { barText } from "../progress.ts";
import type { Figures } from "./figures.ts";

export interface View {
  /** Adds a line, or several, that stay. */
  line(text: string): void;
  /** Shows the figures; `phase` says what is going on; on a terminal a bar, of `samples` to replay. */
  show(phase: string, figures: Figures, samples?: number): void;
  /** Takes the block away. Lines can still be added. */
  close(): void;
}

export function openView(write: (text: string) => void): View {
  return process.stdout.isTTY ? terminalView() : plainView(write);
}

function terminalView(): View {
  const update = createLogUpdate(process.stdout);
  let block = "";
  return {
    line(text) {
      update.persist(printable(withoutCredentials(text)));
      if (block !== "") update(block);
    },
    show(phase, figures, samples) {
      const rows = rowsOf(figures);
      if (samples !== undefined) rows.unshift(["replayed", barText(figures.readings, samples)]);
      const width = Math.max(...rows.map(([name]) => name.length));
      block = printable([
        "",
        `  ${phase}`,
        "",
        ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
        "",
      ].join("\n"));
      update(block);
    },
    close() {
      block = "";
      update.clear();
      update.done();
    },
  };
}

/** `write` takes whole lines, and makes them fit for a terminal. */
export function plainView(write: (text: string) => void): View {
  return {
    line: (text) => write(withoutCredentials(text)),
    show(phase, figures) {
      write(`${phase}: ${rowsOf(figures).map(([name, value]) => `${name} ${value}`).join(", ")}`);
    },
    close() {},
  };
}

function rowsOf(figures: Figures): [string, string][] {
  return [
    ["households", count(figures.households)],
    ["readings", `${count(figures.readings)} (${rate(figures.readingsPerS)}/s)`],
    ["windows", `${count(figures.windows)} (${rate(figures.windowsPerS)}/s)`],
    ["datasets", count(figures.datasets)],
    ...(figures.disaggregated === undefined
      ? []
      : [["disaggregated", count(figures.disaggregated)]] as [string, string][]),
    ["lag", count(figures.lag)],
    ["late", count(figures.late)],
    ["dead letters", count(figures.deadLetters)],
  ];
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function rate(value: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
