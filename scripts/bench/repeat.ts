/** Runs of a measurement, and who hears of them. */
import { pause } from "../../shared/pause.ts";
import { type Figures, type Result, resultOf, type Results } from "./results.ts";

/** Takes what was measured together. */
export type ReportResults = (results: Results) => void;

/** Runs one after the other. */
export async function repeat(
  runs: number,
  run: () => Figures | Promise<Figures>,
): Promise<Result> {
  const all: Figures[] = [];
  for (let number = 0; number < runs; number++) {
    all.push(await run());
    // A core gives the event loop no turn: that is where Ctrl-C is heard.
    await pause(1);
  }
  return resultOf(all);
}
