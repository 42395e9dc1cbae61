/** The console over Kafka that is killed and comes back, in a browser. */
import assert from "node:assert/strict";
import { writeConsolePage } from "../../scripts/build/console_page.ts";
import { encodeEvent } from "../../shared/events.ts";
import { eventually } from "../../shared/eventually.ts";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { DEADLINE, openPage, untilNoText, untilText, withBrowser } from "./browser.ts";

const HOUSEHOLD = { username: "anna", client_id: "flat" };

async function appendReading(log: Log, consumption: number): Promise<void> {
  const appender = log.appender();
  const timestamp = Math.floor(Date.now() / 1000);
  const value = encodeEvent({ ...HOUSEHOLD, timestamp, consumption });
  await appender.append([{ topic: POWER_TOPIC, key: HOUSEHOLD.client_id, value }]);
  await appender.close();
}

Deno.test("the console says that Kafka is away, and goes on when it is back", async () => {
  await writeConsolePage();
  const kafka = await startKafka();
  const log = await openLog(kafka.url);
  const args = ["--log", kafka.url, "--console", "127.0.0.1:0"];
  const console = startWorker("console", args);
  try {
    await log.createTopics(wattstreamTopics(2));
    await appendReading(log, 1234);
    await console.ready();
    const url = console.lines.find(({ message }) => message === "serving")!.address as string;
    await withBrowser(async (browser) => {
      const system = await openPage(browser, url);
      const list = await openPage(browser, `${url}#/households`);
      const household = await openPage(browser, `${url}#/households/anna/flat`);
      const label = await openPage(browser, `${url}#/households/anna/flat/label`);
      const pages = [system, list, household, label];
      await untilText(system.page, /All is well/);
      for (const { page } of [list, household, label]) await untilText(page, /1,234 W/);
      await kafka.brokers[0]!.kill();
      for (const { page } of pages) await untilText(page, /The log does not answer/);
      await kafka.brokers[0]!.start();
      for (const { page } of pages) await untilNoText(page, /The log does not answer/);
      // What comes after it shows, on a page that was never reloaded.
      await eventually(async () => {
        await appendReading(log, 5678);
        await untilText(household.page, /5,678 W/);
      }, DEADLINE);
      assert.deepEqual(pages.flatMap(({ complaints }) => complaints), []);
    });
    assert.equal(await console.stop(), 0);
  } finally {
    await console.end();
    await log.close();
    await kafka.stop();
  }
});
