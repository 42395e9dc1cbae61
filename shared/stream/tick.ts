/** The tick: a record that closes all that is open in its partition. */
import type { NewRecord } from "../log/log.ts";
import type { RecordPlaces } from "../log/record_places.ts";
import { POWER_TOPIC, TICK_HEADER } from "../topics.ts";

/** The tick of one partition. @param source who says so. */
export function tickOf(partition: number, source: string): NewRecord {
  return {
    topic: POWER_TOPIC,
    partition,
    key: null,
    value: null,
    headers: { [TICK_HEADER]: source },
  };
}

/** Whether the record at `index` is one: it stands on the `power` topic, without key and value. */
export function isTick(records: RecordPlaces, index: number): boolean {
  return !records.hasValue(index) && !records.hasKey(index) && records.topic === POWER_TOPIC &&
    records.headers(index)[TICK_HEADER] !== undefined;
}
