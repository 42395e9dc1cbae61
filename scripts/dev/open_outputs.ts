/** Models and disaggregated seconds that are due held against those that are there, as texts. */

/** A model or a disaggregated second, as it is due or as it is there. */
export interface TimedOutput {
  readonly isDue: boolean;
  readonly isModel: boolean;
  readonly text: string;
  /** Where it is due, that of what it comes of. */
  readonly appendMs: number;
  /** Where it is due and its window was closed by a reading, the append time of that. */
  readonly closedAtMs?: number | undefined;
}

export interface OutputCounts {
  /** The newest of each household, and those before it that the log still holds. */
  modelsExpected: number;
  statesExpected: number;
  matching: number;
  unexpected: number;
}

/** So many of one text, and the last of them. */
interface Copies {
  readonly count: number;
  readonly last: TimedOutput;
}

/** What is due and was not found, and what was found and is not due: few, as both come in one order. */
export class OpenOutputs {
  readonly #due = new Map<string, Copies>();
  readonly #found = new Map<string, Copies>();
  readonly #counts = { modelsMatching: 0, states: 0, statesMatching: 0 };

  expect(output: TimedOutput): void {
    if (!output.isModel) this.#counts.states++;
    if (takeFrom(this.#found, output) === undefined) addTo(this.#due, output);
    else this.#match(output.isModel);
  }

  /** What was due of it; undefined where it is not. */
  find(output: TimedOutput): TimedOutput | undefined {
    const due = takeFrom(this.#due, output);
    if (due === undefined) addTo(this.#found, output);
    else this.#match(output.isModel);
    return due;
  }

  /** What there is in all. The log compacts models: those that a newer one supersedes may be there. */
  counts(newestModels: readonly string[]): OutputCounts {
    const { states, statesMatching, modelsMatching } = this.#counts;
    const newestLost = newestModels.filter((text) => this.#due.has(text)).length;
    return {
      modelsExpected: modelsMatching + newestLost,
      statesExpected: states,
      matching: modelsMatching + statesMatching,
      unexpected: this.#found.values().reduce((sum, { count }) => sum + count, 0),
    };
  }

  #match(isModel: boolean): void {
    this.#counts[isModel ? "modelsMatching" : "statesMatching"]++;
  }
}

function addTo(copies: Map<string, Copies>, last: TimedOutput): void {
  copies.set(last.text, { count: (copies.get(last.text)?.count ?? 0) + 1, last });
}

/** The last of them; undefined where there is none. */
function takeFrom(copies: Map<string, Copies>, { text }: TimedOutput): TimedOutput | undefined {
  const found = copies.get(text);
  if (found === undefined) return undefined;
  if (found.count === 1) copies.delete(text);
  else copies.set(text, { ...found, count: found.count - 1 });
  return found.last;
}
