/** A password that is in use is not told: not in any output, log or command line of `deno task dev`. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { DevProcess } from "../end_to_end/dev_process.ts";

// Unlike that of any other test, which may run beside this one.
const SECRET = "In-use-9f3a-S3cret";
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };

/** The command lines of all processes here. */
async function commandLines(): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.allSettled(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8")));
  return lines.flatMap((line) => line.status === "fulfilled" ? [line.value] : []);
}

for (const password of [SECRET, "another"]) {
  Deno.test(`dev tells nobody the password of a broker that ${password === SECRET ? "takes" : "refuses"} it`, async () => {
    const folder = await Deno.makeTempDir();
    const mosquitto = await startMosquitto({ passwords: { user: password } });
    const url = mosquitto.url.replace("://", `://user:${SECRET}@`);
    const dev = new DevProcess(["--households", "1", "--data", folder], {
      env: { WATTSTREAM_MQTT: url },
      isDirect: true,
    });
    try {
      await dev.until(password === SECRET ? /Ctrl-C ends it/ : /broker refuses them/);
      await eventually(async () => {
        const ours = (await commandLines()).filter((line) => line.includes(folder));
        assert.ok(ours.length >= 3, "the workers run");
      }, DEADLINE);
      assert.deepEqual((await commandLines()).filter((line) => line.includes(SECRET)), []);
    } finally {
      dev.interrupt();
      dev.interrupt();
      await dev.end();
      await mosquitto.stop();
    }
    assert.ok(!dev.output.includes(SECRET), dev.output);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(`${entry.parentPath}/${entry.name}`);
      assert.ok(!bytes.includes(SECRET), `${entry.name} holds the password`);
    }
    await Deno.remove(folder, { recursive: true });
  });
}
