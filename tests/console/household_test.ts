/** The console's pages of households, in a browser, over a running `deno task dev`. */
import assert from "node:assert/strict";
import { parquetReadObjects } from "hyparquet";
import mqtt from "mqtt";
import { trainingDatasetSchema } from "../../shared/events.ts";
import { DevProcess } from "../end_to_end/dev_process.ts";
import { assertAccessible, openPage, untilText, withBrowser } from "./browser.ts";

const HOUSEHOLD = { username: "anna", client_id: "flat 1" };
const DEVICES = [{ name: "kettle" }, { name: "lamp" }];
const LABELLED_S = 90;
const KETTLE_W = 2000;

/** Publishes a labelled stretch of the past, its names, and a reading later that closes it. */
async function publishStretch(port: string): Promise<number> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  const publish = (kind: string, event: object) =>
    client.publishAsync(
      `energy/${HOUSEHOLD.username}/${HOUSEHOLD.client_id}/${kind}`,
      JSON.stringify({ ...HOUSEHOLD, ...event }),
      { qos: 1 },
    );
  const startS = Math.floor(Date.now() / 1000) - LABELLED_S - 60;
  try {
    await publish("household", { devices: DEVICES });
    for (let second = startS; second <= startS + LABELLED_S; second++) {
      const isOn = Math.floor((second - startS) / 10) % 2 === 1;
      await publish("power", { timestamp: second, consumption: isOn ? 100 + KETTLE_W : 100 });
      await publish("device-state", { timestamp: second, state_bitmap: [isOn, false] });
    }
    await publish("power", { timestamp: startS + LABELLED_S + 30, consumption: 100 });
    await publish("device-state", {
      timestamp: startS + LABELLED_S + 30,
      state_bitmap: [false, false],
    });
  } finally {
    await client.endAsync();
  }
  return startS;
}

Deno.test("the console shows a household, what is learned of it, and its datasets", async () => {
  const dev = new DevProcess(["--households", "3", "--console", "127.0.0.1:0"]);
  try {
    await dev.running();
    const startS = await publishStretch(dev.mqttPort);
    await withBrowser(async (browser) => {
      const { page, complaints } = await openPage(browser, `${dev.consoleUrl}#/households`);
      await untilText(page, /flat 1\nof anna\n/);
      await assertAccessible(page);
      await page.type("input", "flat");
      await page.click(".households a");
      await untilText(page, /kettle\n/);
      await untilText(page, /of 2 devices known/);
      await untilText(page, /lamp\s+never on/);
      await untilText(page, /readings, as the model gets them/);
      await page.waitForSelector(`a[href$="datasets/${startS}.json"]`);
      await assertAccessible(page);
      assert.deepEqual(complaints, []);
    });
    const path = `api/households/anna/flat%201/datasets/${startS}`;
    const dataset = trainingDatasetSchema.parse(
      await (await fetch(`${dev.consoleUrl}/${path}.json`)).json(),
    );
    assert.equal(dataset.timestamps.length, LABELLED_S + 1);
    const csv = await (await fetch(`${dev.consoleUrl}/${path}.csv`)).text();
    assert.equal(csv.trimEnd().split("\r\n").length, LABELLED_S + 2);
    const parquet = await (await fetch(`${dev.consoleUrl}/${path}.parquet`)).arrayBuffer();
    const rows = await parquetReadObjects({ file: parquet });
    assert.equal(rows.length, LABELLED_S + 1);
    assert.equal(typeof rows[0]!.on_kettle, "boolean");
    const missing = await fetch(`${dev.consoleUrl}/api/households/berta/flat%201/datasets/1.csv`);
    assert.equal(missing.status, 404);
    await missing.body?.cancel();
  } finally {
    await dev.end();
  }
});
