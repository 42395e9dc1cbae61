/**
 * What the records of a worker's inputs say, gathered household by household. Where topics were given
 * more partitions, a household goes from one partition to another: its stretches follow each other by
 * how many partitions there were, since these only ever become more (placement.ts).
 */
import type { LogRecord } from "../log/log.ts";
import type { Entry, ExpectedDeadLetter, InputEvent } from "./entries.ts";
import { deadLetterOf, isTick } from "./entries.ts";
import { ByHousehold } from "./households.ts";
import { noOutcomes, type Outcomes, type Semantics } from "./semantics.ts";
import { type Moment, Timeline } from "./timeline.ts";

/** All that happened to a household. */
export interface HouseholdHistory<E extends InputEvent> {
  readonly moments: Moment<E>[];
  /** Its events that were ahead of their time: no moments of its own. */
  readonly future: E[];
}

export class History<E extends InputEvent> {
  /** Of what needs no household to be judged. */
  readonly outcomes: Outcomes = noOutcomes();
  readonly deadLetters: ExpectedDeadLetter[] = [];
  readonly #semantics: Semantics;
  readonly #eras: { readonly partitionCount: number; readonly timeline: Timeline<E> }[] = [];
  readonly #future: E[] = [];

  constructor(semantics: Semantics) {
    this.#semantics = semantics;
  }

  /** What follows is of one partition, of the time in which there were so many. */
  beginEra(partitionCount: number): void {
    this.#eras.push({ partitionCount, timeline: new Timeline(this.#semantics) });
  }

  /** Takes the next record of the task. */
  take(entry: Entry<E>): void {
    this.#eras.at(-1)!.timeline.take(entry);
    const { kind, record } = entry;
    if (kind === "event") return;
    if (kind === "future") this.#future.push(entry.event);
    this.outcomes[kind === "misplaced" ? "invalid" : kind]++;
    if (kind !== "tick") this.deadLetters.push(deadLetterOf(kind, record));
  }

  /** Passes over a record that is judged elsewhere: it moves stream time, and a tick closes. */
  pass(record: LogRecord): void {
    const { timeline } = this.#eras.at(-1)!;
    if (isTick(record)) timeline.take({ kind: "tick", record });
    else timeline.pass(record.appendMs);
  }

  /** To be asked for once, when all has been taken. */
  households(): readonly HouseholdHistory<E>[] {
    const households = new ByHousehold<HouseholdHistory<E>>();
    const historyOf = (event: E) =>
      households.getOrMake(event, () => ({ moments: [], future: [] }));
    const inOrder = this.#eras.toSorted((a, b) => a.partitionCount - b.partitionCount);
    for (const moments of inOrder.flatMap(({ timeline }) => timeline.end())) {
      const [first] = moments;
      if (first?.kind !== "event") continue;
      const history = historyOf(first.event);
      for (const moment of moments) history.moments.push(moment);
    }
    for (const event of this.#future) historyOf(event).future.push(event);
    return households.values();
  }
}
