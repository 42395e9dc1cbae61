/** A household that is erased is in no file any more; all others are as they were. */
import assert from "node:assert/strict";
import { encodeDeadLetter } from "../../shared/events.ts";
import type { NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { checkSqliteFile } from "../../shared/log/sqlite/salvage.ts";
import { encodeMessages } from "../../shared/spool/spool_entry.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { runHouseholds } from "./command.ts";

const USER = "anna-goes";
const CLIENT_ID = "flat-goes";
const GOES = { username: USER, client_id: CLIENT_ID };
/** Each has one of the names. */
const STAY = [
  { username: USER, client_id: "house-stays" },
  { username: "bert-stays", client_id: CLIENT_ID },
];
const ERASE = ["erase", "--user", USER, "--client-id", CLIENT_ID];
const RECORDS = 300;

type Identity = typeof GOES;

function event(topic: string, who: Identity, index: number): NewRecord {
  const value = JSON.stringify({ ...who, timestamp: index, note: "x".repeat(index) });
  return { topic, key: who.client_id, value };
}

function letter(topic: string, input: string | Uint8Array, error = "no reading"): NewRecord {
  const about = { reason: "invalid", source: "bridge", error, topic, received_at: 1 } as const;
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  return { topic: "dead-letter", key: null, value: encodeDeadLetter(about, bytes) };
}

/** Letters about a household, as many ways as there are to name one. */
function lettersOf({ username, client_id }: Identity): NewRecord[] {
  const [user, id] = [JSON.stringify(username), JSON.stringify(client_id)];
  return [
    letter(`energy/${username}/${client_id}/power`, "garbage"),
    letter("power", `{"client_id":${id},"username":${user}}`),
    letter("power", `[{"client_id":${id}, "username":${user}}, 7`),
    letter("power", Uint8Array.of(0xff, ...new TextEncoder().encode(`${user}${id}`))),
    letter("energy/mallory/x/power", `{"client_id":${id},"username":${user}}`),
    letter("energy/mallory/x/power", "7", `client_id: the payload says ${id}, the user is ${user}`),
  ];
}

const everybody = [GOES, ...STAY];

function records(): NewRecord[] {
  const inTurn = Array.from(
    { length: RECORDS },
    (_, index) =>
      ["power", "device-state", "predictions", "dataset2train", "disaggregated"]
        .map((topic) => event(topic, everybody[index % everybody.length]!, index)),
  ).flat();
  const names = everybody.flatMap((who) =>
    ["household", "models"].map((topic) => ({
      topic,
      key: `${who.username}/${who.client_id}`,
      partitionKey: who.client_id,
      value: JSON.stringify({ ...who, devices: [{ name: "lamp" }] }),
    }))
  );
  const broken = { topic: "power", key: CLIENT_ID, value: `{"username":"${USER}", "client_id":` };
  const quoted = { ...broken, value: `"${USER}" "${CLIENT_ID}" 7` };
  return [...inTurn, ...names, quoted, ...everybody.flatMap(lettersOf)];
}

const memoryNameOf = (who: Identity) =>
  `household/${JSON.stringify([who.username, who.client_id])}`;

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const log = await openLog(`sqlite:${folder}/log.db`);
    await log.createTopics(wattstreamTopics(3));
    const appender = log.appender();
    await appender.append(records());
    await appender.close();
    const memory = new Map(everybody.map((who) => [memoryNameOf(who), "1"]));
    await log.setMemory("training", 1, new Map([...memory, [`closed/${CLIENT_ID}`, "2"]]));
    await log.close();
    writeSpools(folder);
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function writeSpools(folder: string): void {
  const messages = Array.from({ length: 40 }, (_, index) => {
    const who = everybody[index % everybody.length]!;
    const payload = new TextEncoder().encode(JSON.stringify({ ...who, timestamp: index }));
    return { topic: `energy/${who.username}/${who.client_id}/power`, payload, arrivedMs: index };
  });
  const bytes = encodeMessages(messages);
  for (const spool of ["bridge/spool", `gateway/spool/${USER}`]) {
    Deno.mkdirSync(`${folder}/${spool}`, { recursive: true });
    // The second is torn within a message of the household.
    Deno.writeFileSync(`${folder}/${spool}/00000001.spool`, bytes.subarray(0, bytes.length - 3));
    Deno.writeFileSync(`${folder}/${spool}/00000002.spool`, encodeMessages(messages.slice(0, 1)));
  }
  const seconds = Object.fromEntries(everybody.map((who) => [nameOf(who), 7]));
  const offsets = Object.fromEntries(everybody.map((who) => [`${nameOf(who)} power`, 3600]));
  const write = (name: string, content: unknown) =>
    Deno.writeTextFileSync(`${folder}/gateway/${name}.json`, JSON.stringify(content));
  write("seconds", seconds);
  write("gateway", { clientId: "gateway-1", offsets });
}

const nameOf = (who: Identity) => `${who.username}/${who.client_id}`;

/** All that stands in a folder's files, as Latin-1, by path. */
function contents(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) { for (const [each, text] of contents(path)) found.set(each, text); }
    else found.set(path, new TextDecoder("latin1").decode(Deno.readFileSync(path)));
  }
  return found;
}

/** How often the household is named: both names, with no more than a few characters between. */
function namings(folder: string): Record<string, number> {
  const between = "[^a-zA-Z0-9]{0,6}(client_id|username)?[^a-zA-Z0-9]{0,6}";
  const both = new RegExp(
    [`${USER}${between}${CLIENT_ID}`, `${CLIENT_ID}${between}${USER}`].join("|"),
    "g",
  );
  const entries = [...contents(folder)].map(([path, text]) =>
    [path.slice(folder.length + 1), [...text.matchAll(both)].length] as const
  );
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

async function recordsOf(folder: string): Promise<Map<string, string>> {
  const log = await openLog(`sqlite:${folder}/log.db`);
  const found = new Map<string, string>();
  for (const { name } of await log.describe()) {
    for await (const { partition, offset, value } of log.read({ topic: name })) {
      found.set(`${name} ${partition} ${offset}`, new TextDecoder().decode(value!));
    }
  }
  for (const [partition, entries] of await log.groupMemory("training")) {
    for (const [name, text] of entries) found.set(`memory ${partition} ${name}`, text);
  }
  await log.close();
  return found;
}

Deno.test("households erase leaves nothing of it in log, memory, letters, spools and state", () =>
  withFolder(async (folder) => {
    const before = await recordsOf(folder);
    const named = namings(folder);
    assert.ok(named["log.db"]! > RECORDS, JSON.stringify(named));
    assert.equal(Object.keys(named).length, 1 + 4 + 2, JSON.stringify(named));
    const states = ["--state", `${folder}/bridge,${folder}/gateway`];
    const args = [...ERASE, "--log", `sqlite:${folder}/log.db`, ...states];
    assert.equal(await runHouseholds({ args, env: () => undefined }), 0);
    assert.deepEqual(namings(folder), {});

    const expected = [...before].filter(([place, text]) =>
      !(`${place} ${text}`.includes(USER) && `${place} ${text}`.includes(CLIENT_ID)) &&
      !text.includes(btoa(`\xff"${USER}""${CLIENT_ID}"`))
    );
    assert.deepEqual([...await recordsOf(folder)], expected);
    assert.ok(expected.some(([place]) => place.includes(`closed/${CLIENT_ID}`)), "a namesake's");
    assert.deepEqual(checkSqliteFile(`${folder}/log.db`), []);
    const spools = [...contents(folder)].filter(([path]) => path.endsWith(".spool"));
    assert.equal(spools.length, 2, "those that held nothing else are gone");
    for (const [, text] of spools) assert.equal(text.match(/stays\/(power)?/g)?.length, 26);
  }));

Deno.test("households erase touches nothing while a process has the log, or a spool", () =>
  withFolder(async (folder) => {
    const log = await openLog(`sqlite:${folder}/log.db`);
    const args = [...ERASE, "--log", `sqlite:${folder}/log.db`];
    assert.equal(await runHouseholds({ args, env: () => undefined }), 1);
    await log.close();
    const named = namings(folder);
    using lock = Deno.openSync(`${folder}/bridge/spool/lock`, { create: true, write: true });
    lock.lockSync(true);
    const withState = [...args, "--state", `${folder}/bridge`];
    assert.equal(await runHouseholds({ args: withState, env: () => undefined }), 2);
    assert.deepEqual(namings(folder), named);
  }));
