/** `deno task dev` on a real Kafka and a real Mosquitto: the same workers, another log. */
import assert from "node:assert/strict";
import { startKafka } from "../../shared/services/kafka.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { assertCorrect, DevProcess, inFolder, readAll, readReport, topics } from "./dev_process.ts";

Deno.test("deno task dev runs on Kafka and Mosquitto, and is right when a bridge dies", async () => {
  const [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto()]);
  try {
    await inFolder(async (folder) => {
      const dev = new DevProcess([
        ...["--log", kafka.url, "--mqtt", mosquitto.url, "--households", "10"],
        ...["--partitions", "4", "--report", `${folder}/r.json`],
      ]);
      try {
        await dev.until(/windows [1-9]/);
        dev.killWorker("bridge");
        await dev.until(/the bridge worker runs again/);
        dev.interrupt();
        assert.equal(await dev.exit(), 0, dev.output);
        assert.equal(dev.restartsOf("bridge"), 1);
      } finally {
        await dev.end();
      }
      const report = await readReport(`${folder}/r.json`);
      assertCorrect(report);
      assert.equal(report.correctness.fused_pct, 100);
      assert.ok(report.mqtt.received >= report.simulated.readings + report.simulated.states);
      assert.equal((await readAll(kafka.url, "predictions")).length, report.log.predictions);
      const list = await topics("list", "--log", kafka.url);
      assert.match(list, /^power +4 +\d+ +[\d,]+ {2}predictions 0, training 0 /m);
    });
  } finally {
    await Promise.all([kafka.stop(), mosquitto.stop()]);
  }
});
