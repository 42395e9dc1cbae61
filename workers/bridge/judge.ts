/**
 * From messages to records: each event is judged, and counted in exactly one outcome. A message that
 * is its record's bytes already is appended as it is, and costs one object; the others go by `validate`,
 * which would give the same of it.
 */
import { canonicalSecond } from "../../shared/mqtt/canonical.ts";
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
    const { dup, known: { topic, match, isOurs }, payload, passedOver, arrivedMs } = entry;
    if (dup) settled.redelivered++;
    if (passedOver !== undefined) {
      settled.count(match?.kind, passedOver);
      continue;
    }
    const timestampS = match && canonicalSecond(payload, match);
    if (timestampS !== undefined) {
      const { kind, username, client_id } = match!;
      settled.count(kind, "appended");
      records.push({
        topic: kind,
        key: client_id!,
        value: payload,
        username,
        timestampS,
        arrivedMs,
      });
      continue;
    }
    for (const verdict of validate({ topic, payload: payload.view(), arrivedMs }, layout, match)) {
      const { record, username, timestampS, kind, refusal, stamp } = verdict;
      const householdKey = record.partitionKey ?? record.key;
      if (isOurs === undefined && !isOfShare(share, householdKey)) {
        settled.count(kind, "other_share");
        continue;
      }
      settled.count(kind, refusal ?? "appended");
      if (stamp === "missing") settled.stamped++;
      if (stamp === "unset") settled.clockUnset++;
      records.push({ ...record, username, timestampS, arrivedMs });
    }
  }
  return traces?.begin(records) ?? records;
}
