/** The law of exactly-once on real Kafka, while everything that can fail does: short campaigns. */
import assert from "node:assert/strict";
import { soakConfig } from "../../scripts/soak/config.ts";
import { FAULT_KINDS } from "../../scripts/soak/faults.ts";
import { runSoak } from "../../scripts/soak/run.ts";

for (const brokers of ["1", "3"]) {
  Deno.test(`every kind of fault on ${brokers} broker(s): nothing lost, nothing twice, all as the oracle has it`, async () => {
    const lines: string[] = [];
    const config = soakConfig.parse({ brokers, rounds: "1", pauseMs: "500ms" });
    const result = await runSoak(config, {
      print: (text) => lines.push(text),
      stop: new AbortController().signal,
      env: Deno.env.toObject(),
      random: Math.random,
    });
    const printed = lines.join("\n");
    assert.ok(result.isRight, printed);
    assert.deepEqual(result.faults.map(({ kind }) => kind).sort(), FAULT_KINDS.toSorted(), printed);
    const { correctness, workers } = result.judgement!.report;
    assert.ok(correctness.windows_expected > 0 && correctness.datasets_expected > 0, printed);
    assert.deepEqual([workers.predictions.held, workers.training.held], [0, 0], printed);
  });
}
