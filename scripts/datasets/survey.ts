/** What the log holds of each household: the first of the two looks at it that an export takes. */
import type { HouseholdIdentity } from "../../shared/events.ts";
import type { LogRecord } from "../../shared/log/log.ts";
import { type Choice, rowsOf } from "./choice.ts";
import { TimeHistogram } from "./split.ts";

export interface SurveyedHousehold extends HouseholdIdentity {
  /** Records, and rows in them. */
  records: number;
  rows: number;
  /** Event time `[firstS, endS)`. */
  firstS: number;
  endS: number;
  /** How many devices it has; more than one number where some were added or taken away. */
  readonly deviceCounts: Set<number>;
  /** Where its records stand. */
  readonly partitions: Set<number>;
  readonly histogram: TimeHistogram;
}

/** Takes the records of a topic, and knows its households. */
export class Survey {
  readonly #choice: Choice;
  readonly #households = new Map<string, SurveyedHousehold>();

  constructor(choice: Choice) {
    this.#choice = choice;
  }

  add(record: LogRecord): void {
    const chosen = rowsOf(this.#choice, record);
    if (chosen === undefined) return;
    const household = this.#householdOf(chosen.identity);
    household.records++;
    household.partitions.add(record.partition);
    household.rows += chosen.rows.length;
    for (const { startS, endS, devices } of chosen.rows) {
      household.firstS = Math.min(household.firstS, startS);
      household.endS = Math.max(household.endS, endS);
      household.histogram.add(startS);
      if (devices !== undefined) household.deviceCounts.add(devices[0]!.length);
    }
  }

  #householdOf(identity: HouseholdIdentity): SurveyedHousehold {
    const key = householdKey(identity);
    let household = this.#households.get(key);
    if (household === undefined) {
      household = {
        ...identity,
        ...{ records: 0, rows: 0, firstS: Infinity, endS: -Infinity },
        deviceCounts: new Set(),
        partitions: new Set(),
        histogram: new TimeHistogram(),
      };
      this.#households.set(key, household);
    }
    return household;
  }

  /** By user and household. */
  households(): SurveyedHousehold[] {
    return [...this.#households.entries()].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([, household]) => household);
  }
}

/** Tells every two households apart. */
export function householdKey({ username, client_id }: HouseholdIdentity): string {
  return JSON.stringify([username, client_id]);
}
