/** Flags of the disaggregation worker. */
import { z } from "zod";
import { logFlags, taskFlags } from "../../shared/log/open.ts";
import { workerFlags } from "../../shared/service/program.ts";
import { streamFlags } from "../../shared/stream/stream_flags.ts";
import { traceFlags } from "../../shared/tracing/open.ts";

const { idleTimeoutS, maxAheadS, lostRecords } = streamFlags;

export const disaggregationConfig = z.strictObject({
  ...logFlags,
  ...taskFlags,
  ...{ idleTimeoutS, maxAheadS, lostRecords },
  ...traceFlags,
  ...workerFlags,
});

export type DisaggregationConfig = z.output<typeof disaggregationConfig>;
