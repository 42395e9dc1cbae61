/**
 * The end of a campaign: everything flows out, the batch oracle looks at the whole log, and models and
 * disaggregated seconds are computed again.
 */
import { untilNone } from "../../../shared/service/until_none.ts";
import { groupLags } from "../../../shared/log/lag.ts";
import type { Log, NewRecord } from "../../../shared/log/log.ts";
import { checkLog, type LogCheck } from "../../../shared/oracle/check_log.ts";
import { POWER_TOPIC, TICK_HEADER } from "../../../shared/topics.ts";
import { checkDisaggregation, type DisaggregationCheck } from "../../dev/disaggregation.ts";
import { SOAK_SEMANTICS } from "../../soak/semantics.ts";

/** Longest time in which nothing moves. */
const STALL_MS = 60_000;

export interface Proof extends LogCheck {
  readonly answers: DisaggregationCheck;
}

/** Closes what is open, waits until the workers have read all, and judges what is in the log. */
export async function prove(log: Log): Promise<Proof> {
  const power = (await log.describe([POWER_TOPIC]))[0]!;
  const appender = log.appender();
  try {
    await appender.append(power.partitions.map(({ partition }): NewRecord => ({
      topic: POWER_TOPIC,
      partition,
      key: null,
      value: null,
      headers: { [TICK_HEADER]: "verify" },
    })));
  } finally {
    await appender.close();
  }
  await untilNone(async () => {
    return (await groupLags(log)).reduce((sum, { records }) => sum + records, 0);
  }, {
    stallMs: STALL_MS,
    explain: (records) => `The workers stand still with ${records} records to go`,
  });
  return {
    ...await checkLog(log, SOAK_SEMANTICS),
    answers: await checkDisaggregation(log, SOAK_SEMANTICS),
  };
}
