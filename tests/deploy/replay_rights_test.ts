/**
 * The console's KafkaUser with the component `console-replay`, on a real broker with Kafka's authorizer:
 * with its rights it replays, and without any one of them the page is told which it is.
 */
import assert from "node:assert/strict";
import { writeConsolePage } from "../../scripts/build/console_page.ts";
import {
  type AclManifest,
  makeOperatedKafka,
  startOperated,
  type UserManifest,
} from "../../scripts/deploy/verify/kafka.ts";
import { encodeDeadLetter } from "../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { DEAD_LETTER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { ofKind, type Overlay, render } from "./objects.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 200 };
/** Of `deploy`, by what an error calls it. */
const KINDS: Readonly<Record<string, string>> = {
  topic: "topic",
  group: "group",
  transactionalId: "transactional id",
};
const HOUSEHOLD = { client_id: "flat", username: "anna" };

const rightsOf = ({ spec }: UserManifest): AclManifest[] =>
  spec.authorization.acls.flatMap(({ resource, operations }) =>
    operations.map((operation) => ({ resource, operations: [operation] }))
  );

async function consoleUser(overlay: Overlay): Promise<UserManifest> {
  const users = ofKind(await render(overlay), "KafkaUser") as UserManifest[];
  return users.find(({ metadata }) => metadata.name === "console")!;
}

/** A letter of the bridge for each topic that a replay writes. */
async function appendLetters(url: string): Promise<void> {
  const log = await openLog(url);
  const appender = log.appender();
  const timestamp = Math.floor(Date.now() / 1000);
  const events = {
    "power": { timestamp, consumption: 230 },
    "device-state": { timestamp, state_bitmap: [true] },
    "household": { devices: [{ name: "kettle" }] },
  };
  const letters = Object.entries(events).map(([kind, event]) => {
    const payload = new TextEncoder().encode(JSON.stringify({ ...HOUSEHOLD, ...event }));
    const topic = `energy/anna/flat/${kind}`;
    const place = { source: "bridge", error: "now mended", topic, received_at: Date.now() };
    const value = encodeDeadLetter({ reason: "invalid", ...place }, payload);
    return { topic: DEAD_LETTER_TOPIC, key: HOUSEHOLD.client_id, value };
  });
  await appender.append(letters);
  await appender.close();
  await log.close();
}

Deno.test("the console replays with the rights of console-replay; without one of them it says which", async (t) => {
  await writeConsolePage();
  const user = await consoleUser("replay");
  const readingOnly = new Set(
    rightsOf(await consoleUser("optional")).map((right) => JSON.stringify(right)),
  );
  const added = rightsOf(user).filter((right) => !readingOnly.has(JSON.stringify(right)));
  const folder = await Deno.makeTempDir();
  const [port] = freePorts(1);
  const kafka = await makeOperatedKafka({
    ...{ users: [user], folder, addresses: [`127.0.0.1:${port}`], listen: "127.0.0.1" },
  });
  const page = startWorker("console", [
    ...["--log", `kafkas://127.0.0.1:${port}`, "--kafka-ca-file", `${folder}/ca.pem`],
    ...["--kafka-username", "console", "--kafka-password", kafka.passwords.get("console")!],
    ...["--console", "127.0.0.1:0"],
  ]);
  try {
    await startOperated(kafka, [user]);
    const log = await openLog(kafka.url);
    const memory = { name: "dead-letters-memory", partitions: 2, compacted: true };
    await log.createTopics([...wattstreamTopics(2), memory]);
    await log.close();
    await page.ready();
    const url = page.lines.find(({ message }) => message === "serving")!.address as string;
    const replay = async (): Promise<{ replayed?: number; error?: string }> => {
      await appendLetters(kafka.url);
      const wanted = { reasons: ["invalid"], fixes: [], dryRun: false };
      const body = JSON.stringify(wanted);
      return await (await fetch(`${url}/api/dead-letters/replay`, { method: "POST", body })).json();
    };
    await t.step("the console replays with its rights", async () => {
      const answer = await replay();
      assert.equal(answer.replayed, 3, `${answer.error}`);
    });
    for (const right of added) {
      const { type, name } = right.resource;
      const missing = new RegExp(
        `${right.operations[0]!.toUpperCase()} .*${KINDS[type]} ${name}`,
      );
      await t.step(
        `the console replays nothing without ${right.operations[0]} on ${name}`,
        async () => {
          await kafka.revoke("console", [right]);
          await eventually(
            async () => assert.match((await replay()).error ?? "", missing),
            DEADLINE,
          );
          await kafka.grant("console", [right]);
          await eventually(async () => {
            const { replayed, error } = await replay();
            assert.ok(replayed !== undefined && replayed > 0, `${error}`);
          }, DEADLINE);
        },
      );
    }
  } finally {
    await page.end();
    await kafka.broker.kill();
    await Deno.remove(folder, { recursive: true });
  }
});
