/** Other devices than ours at the broker of a running `deno task dev`: `mosquitto_pub`. */
import assert from "node:assert/strict";
import { deadLetterSchema, predictionWindowSchema, readingSchema } from "../../shared/events.ts";
import { eventually } from "../../shared/eventually.ts";
import {
  assertCorrect,
  DEADLINE,
  DevProcess,
  inFolder,
  type JsonRecord,
  readAll,
  readReport,
  TaskProcess,
  topics,
} from "./dev_process.ts";

const SLOW_POLL = { ...DEADLINE, intervalMs: 300 };

async function mosquittoPub(port: string, topic: string, payload: string): Promise<void> {
  const { code, stderr } = await new Deno.Command("mosquitto_pub", {
    args: ["-h", "127.0.0.1", "-p", port, "-q", "1", "-t", topic, "-m", payload],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

/** Runs `body` beside a `deno task dev`, which must end with everything right. */
async function besideDev(body: (dev: DevProcess, folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const report = `${folder}/r.json`;
    const dev = new DevProcess(["--households", "3", "--data", folder, "--report", report]);
    try {
      await dev.running();
      await body(dev, folder);
      dev.interrupt();
      assert.equal(await dev.exit(), 0, dev.output);
      assertCorrect(await readReport(report));
    } finally {
      await dev.end();
    }
  });
}

function home(fields: Record<string, unknown>): string {
  return JSON.stringify({ client_id: "my-home", username: "me", ...fields });
}

Deno.test("mosquitto_pub's reading is seen in power and in a window", async () => {
  await besideDev(async (dev) => {
    const publish = (fields: Record<string, unknown>) =>
      mosquittoPub(dev.mqttPort, "energy/me/my-home/power", home(fields));
    const nowS = Math.floor(Date.now() / 1000);
    await publish({ timestamp: nowS - 100, consumption: -230.5 });
    await publish({ consumption: 0 });
    const own = ["--key", "my-home"];
    const [reading, stamped] = await eventually(async () => {
      const records = await readAll(dev.logUrl, "power", ...own);
      assert.equal(records.length, 2);
      return records.map(({ value }) => readingSchema.parse(JSON.parse(value!)));
    }, SLOW_POLL);
    assert.deepEqual(reading, {
      ...{ client_id: "my-home", username: "me" },
      ...{ timestamp: nowS - 100, consumption: -230.5 },
    });
    assert.ok(stamped!.timestamp >= nowS, "it had no timestamp, and got its time of arrival");
    const windows = await eventually(async () => {
      const records = await readAll(dev.logUrl, "predictions", ...own);
      assert.ok(records.length >= 15);
      return records.map(({ value }) => predictionWindowSchema.parse(JSON.parse(value!)));
    }, SLOW_POLL);
    for (const window of windows.slice(0, 15)) {
      assert.deepEqual(window.timestamps, [nowS - 100]);
      assert.deepEqual(window.consumption, [-230.5]);
    }
  });
});

Deno.test("what cannot be a reading becomes a dead letter that says why", async () => {
  const nowS = Math.floor(Date.now() / 1000);
  const cases: readonly [payload: string, reason: string, error: RegExp][] = [
    ["230 W", "invalid", /payload is not JSON/],
    [home({ timestamp: nowS }), "invalid", /consumption: .*expected number/],
    [home({ timestamp: nowS, consumption: "230" }), "invalid", /consumption: .*expected number/],
    [home({ timestamp: nowS * 1000, consumption: 230 }), "invalid", /timestamp: .*milliseconds/],
    [
      JSON.stringify({ client_id: "their-home", username: "me", consumption: 230 }),
      "forged",
      /client_id: .*my-home.*their-home/,
    ],
    [home({ timestamp: nowS + 3600, consumption: 230 }), "future", /timestamp: .*ahead/],
  ];
  await besideDev(async (dev, folder) => {
    for (const [payload] of cases) {
      await mosquittoPub(dev.mqttPort, "energy/me/my-home/power", payload);
    }
    // Both stream workers refuse the one from the future.
    const letters = await eventually(async () => {
      const records = await readAll(dev.logUrl, "dead-letter");
      assert.equal(records.length, cases.length + 1);
      return records.map(({ value }) => deadLetterSchema.parse(JSON.parse(value!)));
    }, SLOW_POLL);
    for (const [payload, reason, error] of cases) {
      const letter = letters.find((candidate) => candidate.payload === payload);
      assert.equal(letter?.reason, reason, payload);
      assert.match(letter.error, error);
    }
    await dev.until(new RegExp(`dead letters ${cases.length + 1}`));
    dev.interrupt();
    await dev.exit();
    const report = await readReport(`${folder}/r.json`);
    assert.equal(report.log.dead_letter, cases.length + 1);
    assert.equal(report.outcomes.future, 2);
  });
});

Deno.test("deno task topics follows a running log, and lists it", async () => {
  await besideDev(async (dev) => {
    const read = new TaskProcess([
      ...["task", "topics", "read", "power", "--log", dev.logUrl],
      ...["--key", "my-home", "--json", "--limit", "2"],
    ]);
    const follow = new TaskProcess(["task", "topics", "read", "power", "--log", dev.logUrl]);
    try {
      // It begins with what comes after its start, whenever that is.
      let timestamp = Math.floor(Date.now() / 1000) - 1000;
      await eventually(async () => {
        const payload = home({ timestamp: timestamp++, consumption: 1 });
        await mosquittoPub(dev.mqttPort, "energy/me/my-home/power", payload);
        assert.equal(read.output.trim().split("\n").filter((line) => line[0] === "{").length, 2);
      }, SLOW_POLL);
      assert.equal(await read.exit(), 0, read.output);
      const records = read.output.split("\n").filter((line) => line.startsWith("{"))
        .map((line): JsonRecord => JSON.parse(line));
      for (const record of records) {
        assert.deepEqual(Object.keys(record), [
          ...["topic", "partition", "offset", "append_ms", "key", "value"],
        ]);
        assert.equal(record.key, "my-home");
      }
      await follow.until(/^\d{4}-.*Z {2}power\/\d+@\d+ {2}household-\d-1 {2}\{/m);
      follow.interrupt();
      assert.equal(await follow.exit(), 0, follow.output);
      const rows = (await topics("list", "--json", "--log", dev.logUrl)).trim().split("\n")
        .map((line) => JSON.parse(line));
      const power = rows.find(({ topic }) => topic === "power");
      assert.equal(power.partitions, 10);
      assert.ok(power.records >= 2 && power.bytes > 0);
      assert.deepEqual(Object.keys(power.lag), ["predictions", "training"]);
      const table = await topics("list", "--log", dev.logUrl);
      const counts = String.raw`predictions \d+, training \d+`;
      const row = new RegExp(`^power +10 +\\d+ +[\\d,]+ {2}${counts} +${counts}$`, "m");
      assert.match(table, row);
      for (const group of ["predictions", "training"]) {
        assert.ok(power.needed[group] >= power.lag[group], JSON.stringify(power));
      }
    } finally {
      await read.end();
      await follow.end();
    }
  });
});
