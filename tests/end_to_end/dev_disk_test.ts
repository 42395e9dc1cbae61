/** `deno task dev` on a disk that is full for a while. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { onSmallDisk } from "../small_disk.ts";
import { assertCorrect, DevProcess, inFolder, readReport } from "./dev_process.ts";

Deno.test("deno task dev says that its disk is full, and goes on by itself once there is room", () =>
  inFolder((folder) =>
    onSmallDisk("size=4m", async (disk) => {
      const args = ["--households", "200", "--data", disk.path, "--report", `${folder}/r.json`];
      const dev = new DevProcess(args);
      try {
        await dev.until(/bridge: warning: waiting for the log .*Free some disk space: the log/);
        await dev.until(/(predictions|training): warning: waiting for the log .*Free some disk/);
        await disk.remount("size=200m");
        const before = windowsIn(dev.output);
        await eventually(() => assert.ok(windowsIn(dev.output) > before + 1000), {
          deadlineMs: PATIENCE_MS,
        });
        dev.interrupt();
        assert.equal(await dev.exit(), 0, dev.output);
        assertCorrect(await readReport(`${folder}/r.json`));
      } finally {
        await dev.end();
      }
    })
  ));

/** As its newest line has it. */
function windowsIn(output: string): number {
  const counts = [...output.matchAll(/windows ([\d,]+)/g)];
  return Number((counts.at(-1)?.[1] ?? "0").replaceAll(",", ""));
}
