/** The systemd units: systemd takes them, finds little exposed, and the workers take their flags. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { connectAsync } from "mqtt";
import type { z } from "zod";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { ROOT } from "../../scripts/build/program.ts";
import { run } from "../../scripts/deploy/verify/kube.ts";
import { createConfig } from "../../scripts/topics/config.ts";
import { bridgeConfig } from "../../workers/bridge/config.ts";
import { consoleConfig } from "../../workers/console/config.ts";
import { disaggregationConfig } from "../../workers/disaggregation/config.ts";
import { gatewayConfig } from "../../workers/gateway/config.ts";
import { predictionsConfig } from "../../workers/predictions/config.ts";
import { publisherConfig } from "../../workers/publisher/config.ts";
import { trainingConfig } from "../../workers/training/config.ts";

const FOLDER = `${ROOT}deploy/systemd`;
const BINARY = "/usr/bin/wattstream";
/** systemd's figure, 0 to 10, times ten; above it a unit is exposed. */
const EXPOSURE_MAX = "15";
const SCHEMAS: Readonly<Record<string, z.ZodObject>> = {
  bridge: bridgeConfig,
  predictions: predictionsConfig,
  training: trainingConfig,
  disaggregation: disaggregationConfig,
  publisher: publisherConfig,
  gateway: gatewayConfig,
  console: consoleConfig,
  "topics create": createConfig,
};

async function units(): Promise<{ readonly name: string; readonly text: string }[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".service")).sort();
  return await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(`${FOLDER}/${name}`, "utf8") })),
  );
}

/** `systemd-analyze verify` of all units together, with a program in place of the one that is not installed. */
async function verified(change: (text: string) => string) {
  const folder = await Deno.makeTempDir();
  try {
    const paths: string[] = [];
    for (const { name, text } of await units()) {
      paths.push(`${folder}/${name}`);
      await writeFile(`${folder}/${name}`, change(text.replaceAll(BINARY, "/usr/bin/true")));
    }
    const { code, stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", ...paths]);
    return { code, text: stdout + stderr };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("systemd finds nothing wrong with the units, and would", async () => {
  assert.deepEqual(await verified((text) => text), { code: 0, text: "" });
  const wrong = await verified((text) =>
    text.replace("ProtectSystem=strict", "ProtectSistem=strict")
  );
  assert.match(wrong.text, /Unknown key (name )?'ProtectSistem'/);
});

Deno.test("systemd finds little exposed in each unit", async () => {
  for (const { name } of await units()) {
    const args = ["security", "--offline=yes", `--threshold=${EXPOSURE_MAX}`, `${FOLDER}/${name}`];
    const { code, stdout } = await run("systemd-analyze", args);
    assert.equal(code, 0, stdout.split("\n").slice(-3).join("\n"));
  }
});

Deno.test("the units' flags and variables are those of the workers", async () => {
  const shared = (await readFile(`${FOLDER}/wattstream.env`, "utf8")).split("\n")
    .filter((line) => /^[A-Z]/.test(line)).map((line) => line.split("=", 2) as [string, string]);
  const seen: string[] = [];
  for (const { name, text } of await units()) {
    const [, line] = /^ExecStart=\/usr\/bin\/wattstream (.*)$/m.exec(text)!;
    const program = Object.keys(SCHEMAS).find((each) => line!.startsWith(each));
    assert.ok(program !== undefined, name);
    const without = [...text.matchAll(/^UnsetEnvironment=(\w+)$/gm)].map(([, name]) => name);
    const own = [...text.matchAll(/^Environment=(\w+)=(.*)$/gm)]
      .map(([, variable, value]) =>
        [variable!, value!.replace("%d", "/run/credentials/x")] as const
      );
    const variables = new Map([...shared, ...own].filter(([name]) => !without.includes(name)));
    const args = line!.slice(program.length).trim().split(" ").filter((word) => word !== "");
    parseConfig(SCHEMAS[program]!, { args, env: (variable) => variables.get(variable) });
    seen.push(program);
  }
  assert.deepEqual(seen.sort(), Object.keys(SCHEMAS).sort());
});

Deno.test("the units' Mosquitto keeps what the publisher tells a household, for who comes later", async () => {
  const settings = await readFile(`${FOLDER}/mosquitto.conf`, "utf8");
  const mosquitto = await startMosquitto({
    passwords: { publisher: "of-publisher", anna: "of-anna" },
    accessList: await readFile(`${ROOT}deploy/mosquitto/acl`, "utf8"),
    // The others name what only a machine with the units has.
    extra: settings.split("\n")
      .filter((line) => !/^(listener|allow_anonymous|password_file|acl_file) /.test(line)).join(
        "\n",
      ),
  });
  const connect = (username: string) =>
    connectAsync(mosquitto.url, {
      ...{ username, password: `of-${username}`, protocolVersion: 5, reconnectPeriod: 0 },
    });
  try {
    const publisher = await connect("publisher");
    const topic = "energy/anna/home/disaggregated";
    await publisher.publishAsync(topic, "{}", { qos: 1, retain: true });
    await publisher.endAsync();
    const anna = await connect("anna");
    const heard: string[] = [];
    anna.on("message", (topic, payload) => heard.push(`${topic} ${payload}`));
    await anna.subscribeAsync("energy/anna/+/disaggregated", { qos: 1 });
    await eventually(() => assert.deepEqual(heard, [`${topic} {}`]), { deadlineMs: PATIENCE_MS });
    await anna.endAsync();
  } finally {
    await mosquitto.stop();
  }
});
