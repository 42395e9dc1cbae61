/** From messages to records: each event is judged, and counted in exactly one outcome. */
import type { TopicLayout } from "../../shared/mqtt/topics.ts";
import type { DatedRecord } from "./append_order.ts";
import type { Entry } from "./message_buffer.ts";
import type { MessageTraces } from "./message_traces.ts";
import { isOfShare, type Share } from "./share.ts";
import type { Tally } from "./tally.ts";
import { validate } from "../../shared/mqtt/validate.ts";

export interface JudgeSettings {
  readonly layout: TopicLayout;
  readonly share: Share;
  /** Where some readings are traced, from here on. */
  readonly traces?: MessageTraces | undefined;
}

/** The records of these messages, which are counted in `settled`. */
export function judge(
  entries: readonly Entry[],
  { layout, share, traces }: JudgeSettings,
  settled: Tally,
): DatedRecord[] {
  const records: DatedRecord[] = [];
  for (const entry of entries) {
    const { dup, known, passedOver, arrivedMs } = entry;
    if (dup) settled.redelivered++;
    if (passedOver !== undefined) {
      settled.count(known.match?.kind, passedOver);
      continue;
    }
    for (const verdict of validate(entry, layout, known.match)) {
      const { record, username, timestampS, kind, refusal, stamp } = verdict;
      const householdKey = record.partitionKey ?? record.key;
      if (known.isOurs === undefined && !isOfShare(share, householdKey)) {
        settled.count(kind, "other_share");
        continue;
      }
      settled.count(kind, refusal ?? "appended");
      if (stamp === "missing") settled.stamped++;
      if (stamp === "unset") settled.clockUnset++;
      records.push({ record, username, timestampS, arrivedMs });
    }
  }
  return traces?.begin(records) ?? records;
}
