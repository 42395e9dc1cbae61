/** The law of exactly-once on real Kafka, while everything that can fail does: a short campaign. */
import assert from "node:assert/strict";
import { soakConfig } from "../../scripts/soak/config.ts";
import { FAULT_KINDS } from "../../scripts/soak/faults.ts";
import { runSoak } from "../../scripts/soak/run.ts";

/**
 * Small, so that a slow machine keeps up; `deno task soak` is the long one. The round ends it, however
 * long that takes.
 */
const SIZE = { rounds: "1", minutes: "1000", households: "100", pauseMs: "500ms" };
/** Short, so that others soon have the tasks of whoever is stopped. */
const SESSION_TIMEOUT = "3s";

/** One round, in which every kind of fault comes once; nothing is lost or doubled. */
export async function assertSurvivesEveryFault(brokers: "1" | "3"): Promise<void> {
  const lines: string[] = [];
  const config = soakConfig.parse({ ...SIZE, brokers, sessionTimeoutMs: SESSION_TIMEOUT });
  const result = await runSoak(config, {
    print: (text) => lines.push(text),
    stop: new AbortController().signal,
    env: Deno.env.toObject(),
    random: Math.random,
  });
  const printed = lines.join("\n");
  assert.ok(result.isRight, printed);
  assert.deepEqual(result.faults.map(({ kind }) => kind).sort(), FAULT_KINDS.toSorted(), printed);
  const { correctness, workers, disaggregation } = result.judgement!.report;
  assert.ok(correctness.windows_expected > 0 && correctness.datasets_expected > 0, printed);
  const { models_expected: models, states_expected: states } = disaggregation!;
  // The first seconds are told before the first fault.
  assert.ok(models > 0 && states > 0, printed);
  assert.deepEqual([workers.predictions.held, workers.training.held], [0, 0], printed);
}
