/** Flags of the disaggregation worker. */
import { z } from "zod";
import { logFlags, taskFlags } from "../../shared/log/open.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";
import { streamFlags } from "../../shared/stream/stream_flags.ts";
import { traceFlags } from "../../shared/tracing/open.ts";

const { idleTimeoutS, maxAheadS, lostRecords } = streamFlags;

export const disaggregationConfig = z.strictObject({
  model: flag.text().optional().describe(
    "ONNX file of a network that judges windows in place of what is learned here",
  ),
  modelRuntime: flag.text().default("node_modules/onnxruntime-web/dist").describe(
    "With --model: folder dist of the package onnxruntime-web, which runs it",
  ),
  ...logFlags,
  ...taskFlags,
  ...{ idleTimeoutS, maxAheadS, lostRecords },
  ...traceFlags,
  ...workerFlags,
});

export type DisaggregationConfig = z.output<typeof disaggregationConfig>;
