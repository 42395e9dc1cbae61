/** The console's page of the system, in a browser, over a running `deno task dev`. */
import assert from "node:assert/strict";
import { eventually } from "../../shared/eventually.ts";
import { DevProcess } from "../end_to_end/dev_process.ts";
import {
  assertAccessible,
  DEADLINE,
  openPage,
  untilNoText,
  untilText,
  withBrowser,
} from "./browser.ts";

Deno.test("the console shows a running system, and comes back when it was killed", async () => {
  const dev = new DevProcess(["--households", "5", "--console", "127.0.0.1:0"]);
  try {
    await dev.running();
    await withBrowser(async (browser) => {
      const { page, complaints } = await openPage(browser, dev.consoleUrl);
      await untilText(page, /All is well/);
      const picture = await page.waitForSelector("svg.pipeline");
      await eventually(async () => {
        const label = await picture!.evaluate((each) => each.getAttribute("aria-label"));
        assert.match(label!, /MQTT [1-9][\d.,]* a second/);
      }, DEADLINE);
      await untilText(page, /\npower\s+[1-9]/);
      await page.waitForSelector(".chart canvas");
      for (const summary of await page.$$("details summary")) await summary.click();
      await untilText(page, /newest event/);
      await assertAccessible(page);

      await page.evaluate("document.body.dataset.mark = 'not reloaded'");
      const before = dev.pidOf("console");
      dev.killWorker("console");
      await untilText(page, /The console does not answer/);
      await untilNoText(page, /The console does not answer/);
      await untilText(page, /All is well/);
      assert.notEqual(dev.pidOf("console"), before);
      assert.equal(await page.evaluate("document.body.dataset.mark"), "not reloaded");
      assert.deepEqual(complaints, []);
    });
    dev.interrupt();
    assert.equal(await dev.exit(), 0, dev.output);
  } finally {
    await dev.end();
  }
});
