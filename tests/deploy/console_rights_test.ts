/**
 * The console's KafkaUser on a real broker with Kafka's authorizer: with its rights the pages show all
 * there is, and without any one of them something is missing; it may write nothing.
 */
import assert from "node:assert/strict";
import { writeConsolePage } from "../../scripts/build/console_page.ts";
import {
  makeOperatedKafka,
  startOperated,
  type UserManifest,
} from "../../scripts/deploy/verify/kafka.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { ofKind, render, rightsOf } from "./objects.ts";
import { appendInputs } from "./rights_inputs.ts";

const STREAM_WORKERS = ["predictions", "training", "disaggregation", "publisher"];
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 200 };
/** Then it is asked again. */
const ANSWER_MS_MAX = 60_000;

/** The first event of these names that a page is sent. */
async function firstEvent(url: string, names: readonly string[]): Promise<[string, string]> {
  const { body } = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  let text = "";
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = new RegExp(`event: (${names.join("|")})\ndata: (.*)\n\n`).exec(text);
    if (found !== null) return [found[1]!, found[2]!];
  }
  throw new Error(`no ${names}: ${text}`);
}

/** What the pages show, by what of it there is. */
async function shownBy(url: string): Promise<string[]> {
  const [event, data] = await firstEvent(`${url}/events/system`, ["system", "away"]);
  if (event === "away") return [data];
  const { rates } = JSON.parse(data);
  const shown: string[] = [];
  for (const { topic, records, bytes } of rates.topics) {
    if (records > 0) shown.push(topic);
    if (bytes > 0) shown.push(`size of ${topic}`);
  }
  for (const { worker, settled, members } of rates.workers) {
    if (settled > 0) shown.push(`memory of ${worker}`);
    if (members > 0) shown.push(`owners of ${worker}`);
  }
  const letters = await fetch(`${url}/api/dead-letters`);
  if ((await letters.json()).length > 0) shown.push("letters");
  for (const username of ["anna", "berta"]) {
    const path = `${url}/events/households/${username}/home-0`;
    const [name, household] = await firstEvent(path, ["household", "away"]);
    shown.push(...name === "away" ? [household] : Object.keys(JSON.parse(household)));
  }
  return shown.sort();
}

async function untilAllRan(workers: readonly WorkerProcess[]): Promise<void> {
  for (const worker of workers) {
    await eventually(async () => {
      assert.ok(await worker.metric("wattstream_dead_letters_total") > 0);
    }, DEADLINE);
  }
}

Deno.test("the console shows all with the rights of its KafkaUser, less without each, and writes nothing", async (t) => {
  await writeConsolePage();
  const users = (ofKind(await render("optional"), "KafkaUser") as UserManifest[])
    .filter(({ metadata }) => metadata.name === "console");
  const folder = await Deno.makeTempDir();
  const [port] = freePorts(1);
  const addresses = [`127.0.0.1:${port}`];
  const kafka = await makeOperatedKafka({ users, folder, addresses, listen: "127.0.0.1" });
  const mosquitto = await startMosquitto();
  const workers: WorkerProcess[] = [];
  try {
    await startOperated(kafka, users);
    const log = await openLog(kafka.url);
    await log.createTopics(wattstreamTopics(2));
    await log.close();
    for (const name of STREAM_WORKERS) {
      const mqtt = name === "publisher" ? ["--mqtt", mosquitto.url] : [];
      workers.push(startWorker(name, ["--log", kafka.url, ...mqtt]));
    }
    await appendInputs(kafka.url);
    await untilAllRan(workers);
    const secureUrl = `kafkas://127.0.0.1:${port}`;
    const kafkaFlags = {
      ...{ kafkaCaFile: `${folder}/ca.pem`, kafkaUsername: "console" },
      kafkaPassword: kafka.passwords.get("console")!,
    };
    const page = startWorker("console", [
      ...["--log", secureUrl, "--console", "127.0.0.1:0"],
      ...["--kafka-ca-file", kafkaFlags.kafkaCaFile, "--kafka-username", "console"],
      ...["--kafka-password", kafkaFlags.kafkaPassword],
    ]);
    workers.push(page);
    await page.ready();
    const url = page.lines.find(({ message }) => message === "serving")!.address as string;
    let all: readonly string[] = [];
    const showsAll = await t.step("the console shows all with its rights", async () => {
      await eventually(async () => {
        all = await shownBy(url);
        for (const { name } of wattstreamTopics(2)) {
          assert.ok(all.includes(name), `${name}: ${all}`);
        }
        for (const name of STREAM_WORKERS) {
          assert.ok(all.includes(`memory of ${name}`), `${name}: ${all}`);
          assert.ok(all.includes(`owners of ${name}`), `${name}: ${all}`);
        }
      }, DEADLINE);
    });
    // There is nothing to compare with.
    if (!showsAll) return;
    for (const right of rightsOf(users[0]!)) {
      const { type, name } = right.resource;
      await t.step(
        `the console without ${right.operations[0]} on ${type} ${name ?? ""}`,
        async () => {
          await kafka.revoke("console", [right]);
          try {
            await eventually(async () => assert.notDeepEqual(await shownBy(url), all), DEADLINE);
          } finally {
            await kafka.grant("console", [right]);
          }
          await eventually(async () => assert.deepEqual(await shownBy(url), all), DEADLINE);
        },
      );
    }
    await t.step("nothing is written with the console's rights", async () => {
      const own = await openLog(secureUrl, kafkaFlags);
      for (const { name: topic } of wattstreamTopics(2)) {
        const appender = own.appender();
        await assert.rejects(appender.append([{ topic, key: "k", value: "{}" }]), /WRITE/);
        await appender.close();
      }
      await own.close();
    });
  } finally {
    for (const worker of workers) await worker.end();
    await mosquitto.stop();
    await kafka.broker.kill();
    await Deno.remove(folder, { recursive: true });
  }
});
