/** Ten labelled minutes of a home, at speed: the page shows its devices as known, and time can be moved. */
import assert from "node:assert/strict";
import mqtt from "mqtt";
import type { Page } from "puppeteer-core";
import { eventually } from "../../shared/eventually.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { DevProcess } from "../end_to_end/dev_process.ts";
import { assertAccessible, DEADLINE, openPage, untilText, withBrowser } from "./browser.ts";
import { type Meter, startMeter } from "./meter.ts";

const HOUSEHOLD = { username: "anna", client_id: "flat 1" };
const DEVICES = [{ name: "kettle" }, { name: "oven" }, { name: "lamp" }];
const WATTS = [2000, 900, 150];
const LABELLED_S = 640;
const UNLABELLED_S = 120;
const BASE_W = 100;
/** So long it publishes as time goes on: there is a past then. */
const LIVE_S = 5;

/** A home whose devices switch every half minute or so: labelled, and then some minutes that are not. */
async function publishHome(port: string): Promise<void> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  const random = seededRandom(19);
  const publish = (kind: string, event: object) =>
    client.publishAsync(
      `energy/${HOUSEHOLD.username}/${HOUSEHOLD.client_id}/${kind}`,
      JSON.stringify({ ...HOUSEHOLD, ...event }),
      { qos: 1 },
    );
  const startS = Math.floor(Date.now() / 1000) - LABELLED_S - UNLABELLED_S;
  try {
    await publish("household", { devices: DEVICES });
    const state = [false, false, false];
    for (let second = 0; second < LABELLED_S + UNLABELLED_S; second++) {
      for (const device of state.keys()) {
        if (random() < 1 / 30) state[device] = !state[device];
      }
      const watts = state.reduce((sum, isOn, device) => sum + (isOn ? WATTS[device]! : 0), BASE_W);
      const timestamp = startS + second;
      const consumption = Math.round(watts + 6 * random() - 3);
      const sent = [publish("power", { timestamp, consumption })];
      if (second < LABELLED_S) {
        sent.push(publish("device-state", { timestamp, state_bitmap: [...state] }));
      }
      await Promise.all(sent);
    }
  } finally {
    await client.endAsync();
  }
}

/** Of a time of day. */
function secondsOf(time: string): number {
  const [hours, minutes, seconds] = time.split(":").map(Number);
  return (hours! * 60 + minutes!) * 60 + seconds!;
}

/** Presses the button with this text. */
async function press(page: Page, text: string): Promise<void> {
  for (const button of await page.$$("button")) {
    const own = await button.evaluate((each) => each.textContent);
    if (own === text) return await button.click();
  }
  assert.fail(`no button ${text}`);
}

Deno.test("after ten labelled minutes the console shows a home's devices as known, and its past", async () => {
  const dev = new DevProcess(["--households", "1", "--console", "127.0.0.1:0"]);
  let meter: Meter | undefined;
  try {
    await dev.running();
    await publishHome(dev.mqttPort);
    meter = await startMeter(dev.mqttPort, HOUSEHOLD);
    await withBrowser(async (browser) => {
      const url = `${dev.consoleUrl}#/households/anna/flat%201`;
      const { page, complaints } = await openPage(browser, url);
      await untilText(page, /3 of 3 devices known/);
      const [, watts] = await untilText(page, /kettle\s+known\s+takes ([\d,]+) W/);
      assert.ok(Math.abs(Number(watts!.replace(",", "")) - WATTS[0]!) < 20, `${watts} W`);
      // What it has used since, and what nothing explains.
      await untilText(page, /kettle\n+[\d.,]+ k?Wh/);
      await untilText(page, /unexplained [\d.-]+ W/);
      await assertAccessible(page);
      const [, first] = await untilText(page, /\nnow, ([\d:]{8})/);
      await eventually(async () => {
        const [, second] = await untilText(page, /\nnow, ([\d:]{8})/);
        assert.ok(secondsOf(second!) - secondsOf(first!) > LIVE_S, `${first} to ${second}`);
      }, DEADLINE);
      await press(page, "Pause");
      await page.waitForSelector("input[type=range]");
      const [, paused] = await untilText(page, /\nat ([\d:]{8})/);
      await assertAccessible(page);
      await press(page, "To the beginning");
      await eventually(async () => {
        const [, past] = await untilText(page, /\nat ([\d:]{8})/);
        assert.ok(secondsOf(paused!) - secondsOf(past!) > LIVE_S, `${past}, of ${paused}`);
      }, DEADLINE);
      await press(page, "5 min on");
      await untilText(page, new RegExp(`\\nat ${paused}`));
      await press(page, "Go on");
      await untilText(page, /\nnow, /);
      // A page that is left while it draws is no error.
      await page.goto(`${url}/label`);
      await untilText(page, /Watts, if known/);
      assert.deepEqual(complaints, []);
    });
  } finally {
    await meter?.close();
    await dev.end();
  }
});
