/**
 * A worker, the broker and the console itself are killed and come back: each page says so, and goes on
 * without a reload. (That of the log is in `kafka_test.ts`.)
 */
import assert from "node:assert/strict";
import { writeConsolePage } from "../../scripts/build/console_page.ts";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { type OpenPage, openPage, untilNoText, untilText, withBrowser } from "./browser.ts";
import { startMeter } from "./meter.ts";

const HOUSEHOLD = { username: "anna", client_id: "flat" };
const MARK = "document.body.dataset.mark";

async function untilEach(pages: readonly OpenPage[], text: RegExp): Promise<void> {
  await Promise.all(pages.map(({ page }) => untilText(page, text)));
}

async function untilNone(pages: readonly OpenPage[], text: RegExp): Promise<void> {
  await Promise.all(pages.map(({ page }) => untilNoText(page, text)));
}

Deno.test("the console's pages say what was killed, and go on when it is back", async () => {
  await writeConsolePage();
  const folder = await Deno.makeTempDir();
  const logUrl = `sqlite:${folder}/log.db`;
  const log = await openLog(logUrl);
  const mosquitto = await startMosquitto();
  const meter = await startMeter(new URL(mosquitto.url).port, HOUSEHOLD);
  const [port, workerPort] = freePorts(2);
  const workers: WorkerProcess[] = [];
  const start = (name: string, ...args: string[]) => {
    const worker = startWorker(name, ["--log", logUrl, ...args]);
    workers.push(worker);
    return worker;
  };
  const startPredictions = () => start("predictions", "--http", `127.0.0.1:${workerPort}`);
  const startConsole = () =>
    start("console", ...[
      ...["--console", `127.0.0.1:${port}`, "--mqtt", mosquitto.url],
      ...["--workers", `predictions=127.0.0.1:${workerPort}`],
    ]);
  try {
    await log.createTopics(wattstreamTopics(2));
    start("bridge", "--mqtt", mosquitto.url, "--state", `${folder}/bridge`);
    const predictions = startPredictions();
    const console = startConsole();
    await console.ready();
    await predictions.ready();
    await withBrowser(async (browser) => {
      const open = (route: string) => openPage(browser, `http://127.0.0.1:${port}/#/${route}`);
      const [system, list] = [await open("system"), await open("households")];
      const [household, past] = [
        await open("households/anna/flat"),
        await open("households/anna/flat"),
      ];
      const label = await open("households/anna/flat/label");
      const ofHouseholds = [list, household, past, label];
      const pages = [system, ...ofHouseholds];
      for (const { page } of pages) await page.evaluate(`${MARK} = 'not reloaded'`);
      await untilText(system.page, /All is well/);
      await untilText(list.page, /flat\nof anna/);
      await untilEach([household, past], /\nnow, /);
      await past.page.click(".title button");
      await untilText(past.page, /To the beginning/);
      await untilText(label.page, /Name of device 1/);
      await label.page.type(".names input", "kettle");
      await label.page.click(".names button[type=submit]");
      await label.page.waitForSelector(".switches li");
      await label.page.click(".label-button");
      await untilText(label.page, /It works/);

      await predictions.kill();
      await Promise.all([
        untilText(system.page, /predictions at 127\.0\.0\.1:\d+: /),
        untilEach(ofHouseholds, /The worker predictions does not answer/),
      ]);
      startPredictions();
      await untilNoText(system.page, /predictions at 127\.0\.0\.1:\d+: /);
      await untilNone(ofHouseholds, /The worker predictions does not answer/);

      await mosquitto.broker.kill();
      await untilEach(pages, /The broker does not answer/);
      await untilText(label.page, /Your labels do not arrive/);
      await mosquitto.broker.start();
      await untilNone(pages, /The broker does not answer/);
      await untilNoText(label.page, /Your labels do not arrive/);
      await untilText(label.page, /It works/);

      // One that hangs closes no connection.
      Deno.kill(console.pid, "SIGSTOP");
      await untilEach(pages, /The console does not answer/);
      Deno.kill(console.pid, "SIGCONT");
      await untilNone(pages, /The console does not answer/);

      await console.kill();
      await untilEach(pages, /The console does not answer/);
      // What was there before stays.
      await untilText(list.page, /flat\nof anna/);
      startConsole();
      await untilNone(pages, /The console does not answer/);
      await untilText(system.page, /All is well/);
      await untilText(household.page, /\nnow, /);
      for (const { page, complaints } of pages) {
        assert.equal(await page.evaluate(MARK), "not reloaded");
        assert.deepEqual(complaints, []);
      }
    });
  } finally {
    for (const worker of workers) await worker.end();
    await meter.close();
    await mosquitto.stop();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});
