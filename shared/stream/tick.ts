/** The tick: a record that closes all that is open in its partition. */
import type { NewRecord } from "../log/log.ts";
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
