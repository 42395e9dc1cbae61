import assert from "node:assert/strict";
import { Metrics } from "../../shared/service/metrics.ts";
import { readMetrics } from "../../shared/service/metrics_text.ts";
import { simulatorMetrics } from "./metrics.ts";
import { Tally } from "./tally.ts";

Deno.test("Tally tells the metrics each publication once, however often they are read", async () => {
  const metrics = new Metrics(simulatorMetrics);
  const tally = new Tally(metrics);
  const read = async () => {
    const values = readMetrics(await metrics.text());
    return ["readings", "states", "readings_acknowledged", "states_acknowledged", "swapped"]
      .map((name) => values.get(`wattstream_simulator_${name}_total`));
  };
  tally.publish("power", false);
  tally.publish("power", true);
  tally.publish("device-state", false);
  tally.publish("household", false);
  tally.acknowledge("power");
  assert.deepEqual(await read(), [2, 1, 1, 0, 1]);
  tally.acknowledge("device-state");
  assert.deepEqual(await read(), [2, 1, 1, 1, 1]);
  assert.deepEqual(await read(), [2, 1, 1, 1, 1]);
  assert.deepEqual(tally.acknowledged, { readings: 1, states: 1 });
});
