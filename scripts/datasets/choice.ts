/** Which events are meant: of which households, and of which event time. */
import { decodeEvent, type HouseholdIdentity } from "../../shared/events.ts";
import type { LogRecord } from "../../shared/log/log.ts";
import type { ChoiceConfig, TimePoint } from "./config.ts";
import { type Row, type Table, type TableName, TABLES } from "../../shared/tables/tables.ts";

export interface Choice {
  readonly topic: TableName;
  /** Undefined: all of them. */
  readonly households?: readonly string[] | undefined;
  /** Event time `[sinceS, untilS)`. */
  readonly sinceS: number;
  readonly untilS: number;
}

export function choiceOf(config: ChoiceConfig, nowMs: number): Choice {
  const secondOf = (point: TimePoint | undefined, otherwise: number) => {
    if (point === undefined) return otherwise;
    return "second" in point ? point.second : Math.floor(nowMs / 1000) - point.agoS;
  };
  return {
    topic: config.topic,
    households: config.household,
    sinceS: secondOf(config.since, 0),
    untilS: secondOf(config.until, Number.MAX_SAFE_INTEGER),
  };
}

/** What a record gives: rows of one household. */
export interface ChosenRows {
  readonly identity: HouseholdIdentity;
  readonly rows: readonly Row[];
}

/** The rows of a record that are meant; undefined where there are none, or it holds no event. */
export function rowsOf(choice: Choice, record: LogRecord): ChosenRows | undefined {
  const table: Table = TABLES[choice.topic];
  const decoded = decodeEvent(table.schema, record.value);
  if (!decoded.ok) return undefined;
  const { username, client_id } = decoded.event;
  const { households, sinceS, untilS } = choice;
  const isMeant = households === undefined || households.includes(`${username}/${client_id}`) ||
    households.includes(client_id);
  if (!isMeant) return undefined;
  const rows = table.rowsOf(decoded.event)
    .filter(({ startS, endS }) => startS >= sinceS && endS <= untilS);
  return rows.length === 0 ? undefined : { identity: { username, client_id }, rows };
}
