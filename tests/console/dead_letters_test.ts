/** Dead letters on the console, in a browser: whose they are, and a second chance for one. */
import assert from "node:assert/strict";
import mqtt from "mqtt";
import type { Page } from "puppeteer-core";
import { eventually } from "../../shared/eventually.ts";
import { DevProcess, readAll } from "../end_to_end/dev_process.ts";
import { assertAccessible, DEADLINE, openPage, untilText, withBrowser } from "./browser.ts";

/** Numbers as text: one that can be mended, one that cannot. */
async function publishLetters(port: string): Promise<void> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  const timestamp = Math.floor(Date.now() / 1000);
  for (const consumption of ["230", "much"]) {
    const reading = { client_id: "flat", username: "anna", timestamp, consumption };
    await client.publishAsync("energy/anna/flat/power", JSON.stringify(reading), { qos: 1 });
  }
  await client.endAsync();
}

async function clickButton(page: Page, text: string): Promise<void> {
  const button = await page.waitForSelector(`.replay button::-p-text(${text})`);
  await eventually(async () => {
    assert.equal(await button!.evaluate((each) => each.hasAttribute("disabled")), false);
  }, DEADLINE);
  await button!.click();
}

Deno.test("the console shows dead letters by kind and household, and replays what can be mended, once", async () => {
  const dev = new DevProcess(["--households", "1", "--console", "127.0.0.1:0"]);
  try {
    await dev.running();
    await publishLetters(dev.mqttPort);
    await withBrowser(async (browser) => {
      const { page, complaints } = await openPage(browser, dev.consoleUrl);
      await untilText(page, /anna\/flat\s+2\s+2 invalid/);
      await untilText(page, /"consumption":"much"/);
      await page.click(".replay summary");
      await assertAccessible(page);
      await page.select(".replay select", "anna/flat");
      await clickButton(page, "What would come of it");
      await untilText(page, /Would be replayed: 0/);
      await page.click(".replay label::-p-text(numbers out of text)");
      await clickButton(page, "What would come of it");
      await untilText(page, /Would be replayed: 1\. Replayed before: 0\.\s+1 refused again/);
      await assertAccessible(page);
      await clickButton(page, "Replay");
      await untilText(page, /\nReplayed: 1\./);
      await clickButton(page, "What would come of it");
      await untilText(page, /Would be replayed: 0\. Replayed before: 1\./);
      await page.type(".records input", "anna/flat");
      await page.click(".records button");
      await untilText(page, /"username":"anna","timestamp":\d+,"consumption":230\}/);
      await assertAccessible(page);
      assert.deepEqual(complaints, []);
    });
    const readings = (await readAll(dev.logUrl, "power")).flatMap(({ value }) =>
      value === null ? [] : [JSON.parse(value) as { username: string; consumption: number }]
    );
    const own = readings.filter(({ username }) => username === "anna");
    assert.deepEqual(own.map(({ consumption }) => consumption), [230]);
  } finally {
    await dev.end();
  }
});
