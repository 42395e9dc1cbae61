import assert from "node:assert/strict";
import { openLog } from "../../../shared/log/open.ts";
import {
  DEVICE_STATE_TOPIC,
  DISAGGREGATED_TOPIC,
  POWER_TOPIC,
  wattstreamTopics,
} from "../../../shared/topics.ts";
import { KEPT_S } from "./household_state.ts";
import { pastOf } from "./past.ts";

const HOUSEHOLD = { username: "anna", client_id: "flat" };
const NEIGHBOUR = { username: "berta", client_id: "flat" };
const BEGIN_S = 1_700_000_000;
const SECONDS = 1200;
/** Answers come so much later. */
const ANSWER_S = 8;

Deno.test("pastOf() has the last minutes up to a second, from the log's beginning on, and no neighbour's", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wattstream-test-" });
  let nowMs = BEGIN_S * 1000;
  const log = await openLog(`sqlite:${folder}/log.db`, { nowMs: () => nowMs });
  const { signal } = new AbortController();
  const at = async (untilS: number) => (await pastOf(log, HOUSEHOLD, { untilS, signal }))!;
  try {
    await log.createTopics(wattstreamTopics(2));
    assert.deepEqual(await pastOf(log, HOUSEHOLD, { untilS: BEGIN_S, signal }), undefined);
    const appender = log.appender();
    for (let second = 0; second < SECONDS; second++) {
      nowMs = (BEGIN_S + second) * 1000;
      const timestamp = BEGIN_S + second;
      const states = { timestamp: timestamp - ANSWER_S, on: [0.5], watts: [1], unexplained: 0 };
      const events: [topic: string, event: object][] = [
        [POWER_TOPIC, { ...HOUSEHOLD, timestamp, consumption: second }],
        [POWER_TOPIC, { ...NEIGHBOUR, timestamp, consumption: -1 }],
        [DEVICE_STATE_TOPIC, { ...HOUSEHOLD, timestamp, state_bitmap: [true] }],
        [DISAGGREGATED_TOPIC, { ...HOUSEHOLD, ...states, consumption: 1, model_version: 1 }],
      ];
      await appender.append(events.map(([topic, event]) => ({
        ...{ topic, key: HOUSEHOLD.client_id, value: JSON.stringify(event) },
      })));
    }
    await appender.close();
    const middle = await at(BEGIN_S + 1000);
    assert.equal(middle.beginS, BEGIN_S);
    assert.equal(middle.seconds.at(-1)!.second, BEGIN_S + 1000);
    assert.ok(middle.seconds.length >= KEPT_S - 30, `${middle.seconds.length}`);
    for (const { second, consumption, declared, on } of middle.seconds) {
      assert.equal(consumption, second - BEGIN_S);
      assert.deepEqual([declared, on], [[true], [0.5]]);
    }
    const beginning = await at(BEGIN_S + 5);
    assert.deepEqual(
      beginning.seconds.filter(({ second }) => second >= BEGIN_S).map(({ consumption }) =>
        consumption
      ),
      [0, 1, 2, 3, 4, 5],
    );
    assert.deepEqual((await at(BEGIN_S - 100)).seconds, []);
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});
