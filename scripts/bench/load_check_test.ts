import assert from "node:assert/strict";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { expectPredictions, expectTraining } from "../../shared/oracle/oracle.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import { closingEvents, householdLoad } from "./household_load.ts";
import type { Job } from "./jobs.ts";
import { checkOutputs } from "./load_check.ts";
import { BENCH_SEMANTICS } from "./semantics.ts";

/** Not as many readings of each household, and some sessions of which one is short. */
const LOAD = { count: 7 * 200 + 3, households: 7 };

function recordOf(
  offset: number,
  of: { topic: string; key: string; value: string; appendMs: number },
) {
  const encode = (text: string) => new TextEncoder().encode(text);
  const { topic, appendMs } = of;
  return {
    topic,
    partition: 0,
    offset,
    appendMs,
    headers: {},
    key: encode(of.key),
    value: encode(of.value),
  };
}

function inputsOf(topic: string): LogRecord[] {
  const all = { ...LOAD, states: true };
  return [...householdLoad(all), ...closingEvents(all)]
    .filter((record) => record.topic === topic)
    .map((record, offset) => recordOf(offset, { ...record, appendMs: 1000 * record.timestamp }));
}

/** What the oracle owes for the load, as the log would have it. */
function outputsOf(job: Job): LogRecord[] {
  const [power, deviceState] = [inputsOf(POWER_TOPIC), inputsOf(DEVICE_STATE_TOPIC)];
  const events = job === "windows"
    ? expectPredictions({ power, partitionCount: 1 }, BENCH_SEMANTICS).windows.map(({ window }) =>
      window
    )
    : expectTraining({ power, deviceState, partitionCount: 1 }, BENCH_SEMANTICS).datasets;
  return events.map((event, offset) =>
    recordOf(offset, {
      topic: job,
      key: event.client_id,
      value: JSON.stringify(event),
      appendMs: 0,
    })
  );
}

function logOf(records: readonly LogRecord[]): Pick<Log, "read"> {
  return {
    async *read() {
      yield* records;
    },
  };
}

for (const job of ["windows", "training"] as const) {
  Deno.test(`checkOutputs() expects what the batch oracle does: ${job}`, async () => {
    const outputs = outputsOf(job);
    assert.ok(outputs.length > 10);
    assert.equal(await checkOutputs(logOf(outputs), job, LOAD), outputs.length);
  });

  Deno.test(`checkOutputs() finds what is lost, doubled, moved or changed: ${job}`, async () => {
    const outputs = outputsOf(job);
    const text = new TextDecoder().decode(outputs[5]!.value!);
    const changed = text.replace(/("consumption":\[)(-?\d)/, "$17$2");
    assert.notEqual(changed, text);
    const faults = {
      lost: outputs.toSpliced(5, 1),
      "lost at the end": outputs.slice(0, -1),
      doubled: [...outputs, outputs.at(-1)!],
      // Of one household.
      moved: outputs.with(0, outputs[1]!).with(1, outputs[0]!),
      changed: outputs.with(5, { ...outputs[5]!, value: new TextEncoder().encode(changed) }),
    };
    for (const [name, faulty] of Object.entries(faults)) {
      const error = { code: "invariant", message: /Of household-\d/ };
      await assert.rejects(checkOutputs(logOf(faulty), job, LOAD), error, name);
    }
  });
}
