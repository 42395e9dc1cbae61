import assert from "node:assert/strict";
import { hasCode } from "../errors.ts";
import { Spool, type SpoolOptions } from "./spool.ts";
import { decodeMessages, encodeMessages, type SpooledMessage } from "./spool_entry.ts";

const ALL = { count: 1_000_000, bytes: 1e9 };

function message(index: number, payloadBytes = 100): SpooledMessage {
  const payload = new Uint8Array(payloadBytes);
  new DataView(payload.buffer).setUint32(0, index);
  return { topic: `energy/änna/flat-${index % 7}/power`, payload, arrivedMs: 1_790_000_000_000.5 };
}

function messages(from: number, to: number, payloadBytes?: number): SpooledMessage[] {
  return Array.from({ length: to - from }, (_, index) => message(from + index, payloadBytes));
}

function indexOf({ payload }: SpooledMessage): number {
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0);
}

/** Takes everything out, in order. */
function drain(spool: Spool): number[] {
  const indexes: number[] = [];
  for (let head = spool.head(ALL); head.length > 0; head = spool.head(ALL)) {
    indexes.push(...head.map(indexOf));
    spool.release(head.length);
  }
  return indexes;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

interface World {
  readonly folder: string;
  readonly problems: string[];
  readonly clock: { nowMs: number };
  open(options?: Partial<SpoolOptions>): Spool;
}

async function withWorld(run: (world: World) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir();
  const problems: string[] = [];
  const clock = { nowMs: 0 };
  const opened: Spool[] = [];
  const open = (options: Partial<SpoolOptions> = {}) => {
    const spool = new Spool({
      folder: `${folder}/spool`,
      bytesMax: 1e9,
      nowMs: () => clock.nowMs,
      onProblem: (message) => problems.push(message),
      ...options,
    });
    opened.push(spool);
    return spool;
  };
  try {
    await run({ folder: `${folder}/spool`, problems, clock, open });
  } finally {
    for (const spool of opened) await spool.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("decodeMessages() gives back what encodeMessages() took", () => {
  const all = [...messages(0, 3), { topic: "", payload: new Uint8Array(), arrivedMs: 0 }];
  assert.deepEqual(decodeMessages(encodeMessages(all)), all);
});

Deno.test("decodeMessages() stops at a torn or damaged entry, wherever that is", () => {
  const bytes = encodeMessages(messages(0, 3));
  const size = bytes.length / 3;
  for (let length = 0; length < bytes.length; length++) {
    const whole = Math.floor(length / size);
    assert.equal(decodeMessages(bytes.subarray(0, length)).length, whole, `cut at ${length}`);
    const damaged = bytes.slice();
    damaged[length]! ^= 0xff;
    assert.equal(decodeMessages(damaged).length, whole, `damaged at ${length}`);
  }
});

Deno.test("Spool gives messages back in order, across segments and while it is written to", () =>
  withWorld(({ open, folder, problems }) => {
    const spool = open();
    for (let from = 0; from < 30_000; from += 1000) spool.write(messages(from, from + 1000));
    assert.equal(spool.count, 30_000);
    const first = spool.head({ count: 100, bytes: 1e9 });
    assert.deepEqual(first.map(indexOf), range(0, 100));
    assert.equal(spool.head({ count: 100, bytes: 250 }).length, 2);
    assert.equal(spool.head({ count: 100, bytes: 1 }).length, 1, "at least one");
    spool.release(100);
    spool.write(messages(30_000, 31_000));
    assert.deepEqual(drain(spool), range(100, 31_000));
    assert.ok(spool.isEmpty);
    assert.equal(spool.bytes, 0);
    spool.write(messages(5, 6));
    assert.deepEqual(drain(spool), [5]);
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["lock"]);
    assert.deepEqual(problems, []);
  }));

Deno.test("Spool.release() can be told of messages that were never read", () =>
  withWorld(({ open }) => {
    const spool = open();
    spool.write(messages(0, 20));
    spool.release(5);
    spool.write(messages(20, 30));
    assert.deepEqual(drain(spool), range(5, 30));
    spool.write(messages(0, 2));
    spool.release(2);
    assert.ok(spool.isEmpty);
  }));

Deno.test("Spool takes up what an earlier process left, and at most one segment again", () =>
  withWorld(async ({ open }) => {
    const first = open();
    for (let from = 0; from < 30_000; from += 1000) first.write(messages(from, from + 1000));
    first.release(20_000);
    await first.close();
    const second = open();
    const again = drain(second);
    assert.deepEqual(again.slice(-10_000), range(20_000, 30_000));
    assert.ok(again.length < 10_000 + 8_000, `${again.length}`);
    second.write(messages(1, 2));
    await second.close();
    assert.deepEqual(drain(open()), [1]);
  }));

Deno.test("Spool takes up a file that was torn when the process died", () =>
  withWorld(async ({ open, folder, problems }) => {
    const first = open();
    first.write(messages(0, 10));
    await first.close();
    const [path] = Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`)
      .filter((name) => name.endsWith(".spool"));
    await Deno.truncate(path!, (await Deno.stat(path!)).size - 1);
    await Deno.writeTextFile(`${folder}/99999990.spool`, "torn");
    assert.deepEqual(drain(open()), range(0, 9));
    assert.deepEqual(problems, []);
  }));

Deno.test("Spool says how many messages a damaged file has cost, and goes on", () =>
  withWorld(({ open, folder, problems }) => {
    const spool = open();
    for (let from = 0; from < 30_000; from += 1000) spool.write(messages(from, from + 1000));
    const path = `${folder}/00000000.spool`;
    const size = Deno.statSync(path).size;
    const bytes = Deno.readFileSync(path);
    bytes[Math.floor(size / 2)]! ^= 0xff;
    Deno.writeFileSync(path, bytes);
    const left = drain(spool);
    const lost = spool.takeLost();
    assert.ok(lost > 1000);
    assert.equal(left.length + lost, 30_000);
    assert.equal(spool.takeLost(), 0);
    assert.equal(problems.length, 1);
    assert.ok(spool.isEmpty);
  }));

Deno.test("Spool.write() takes what fits into its bound, and counts the rest as spool_full", () =>
  withWorld(({ open }) => {
    const spool = open({ bytesMax: 10_000 });
    const { count, problem } = spool.write(messages(0, 100));
    assert.equal(problem, "spool_full");
    assert.ok(count > 50 && count < 80);
    assert.deepEqual(spool.write(messages(100, 101, 5000)), { count: 0, problem: "spool_full" });
    assert.ok(spool.bytes <= 10_000);
    assert.deepEqual(drain(spool), range(0, count));
    assert.deepEqual(spool.write(messages(0, 10)), { count: 10 });
  }));

Deno.test("Spool.write() says that its disk fails, and tries it again after a second", () =>
  withWorld(({ open, folder, problems, clock }) => {
    Deno.writeTextFileSync(folder, "a file where the folder should be");
    const spool = open();
    assert.equal(problems.length, 1);
    assert.deepEqual(spool.write(messages(0, 1)), { count: 0, problem: "spool_failed" });
    Deno.removeSync(folder);
    assert.equal(spool.write(messages(0, 1)).problem, "spool_failed", "not tried yet");
    clock.nowMs = 1000;
    assert.deepEqual(spool.write(messages(0, 1)), { count: 1 });
    assert.deepEqual(drain(spool), [0]);
  }));

Deno.test("Spool.write() tries a disk that failed again where the clock is set back meanwhile", () =>
  withWorld(({ open, folder, clock }) => {
    clock.nowMs = 3_600_000;
    Deno.writeTextFileSync(folder, "a file where the folder should be");
    const spool = open();
    Deno.removeSync(folder);
    clock.nowMs = 0;
    assert.deepEqual(spool.write(messages(0, 1)), { count: 1 });
  }));

Deno.test("Spool refuses a folder that another process uses", () =>
  withWorld(({ open, folder }) => {
    open();
    assert.throws(() => open(), (error) => {
      return hasCode(error, "config") && error.message.includes(folder);
    });
  }));

Deno.test("Spool.safePosition goes on with each sync, and with what is released", () =>
  withWorld(async ({ open }) => {
    const spool = open();
    spool.write(messages(0, 10));
    assert.deepEqual([spool.position, spool.safePosition], [10, 0]);
    const syncing = spool.sync();
    spool.write(messages(10, 15));
    assert.ok(await syncing);
    assert.deepEqual([spool.position, spool.safePosition], [15, 10], "the rest came too late");
    spool.release(12);
    assert.equal(spool.safePosition, 12);
    assert.ok(await spool.sync());
    assert.equal(spool.safePosition, 15);
    assert.equal(await spool.sync(), false, "nothing is left to do");
    spool.release(3);
    spool.write(messages(15, 16));
    assert.deepEqual([spool.position, spool.safePosition], [16, 15]);
    await spool.close();
    const next = open();
    assert.deepEqual([next.position, next.safePosition], [1, 1], "positions begin anew");
  }));

Deno.test("Spool.sync() covers all segments", () =>
  withWorld(async ({ open }) => {
    const spool = open();
    for (let from = 0; from < 30_000; from += 1000) spool.write(messages(from, from + 1000));
    assert.ok(spool.safePosition < 30_000);
    assert.ok(await spool.sync());
    assert.equal(spool.safePosition, 30_000);
  }));

Deno.test("Spool.sync() that fails leaves its segment unsafe until the log has it", () =>
  withWorld(async ({ open, folder, problems, clock }) => {
    const spool = open();
    spool.write(messages(0, 10));
    const path = `${folder}/00000000.spool`;
    const aside = `${folder}/aside`;
    Deno.renameSync(path, aside);
    Deno.symlinkSync(path, path); // cannot be opened
    assert.equal(await spool.sync(), false);
    Deno.removeSync(path);
    Deno.renameSync(aside, path);
    assert.deepEqual(problems, ["the spool's disk takes nothing"]);
    assert.equal(await spool.sync(), false, "what is lost now would not be told");
    clock.nowMs = 1000;
    spool.write(messages(10, 15));
    assert.ok(await spool.sync());
    assert.equal(spool.safePosition, 0, "the newer ones are not safe before the older");
    assert.deepEqual(spool.head(ALL).map(indexOf), range(0, 10));
    spool.release(10);
    assert.equal(spool.safePosition, 15);
    assert.deepEqual(drain(spool), range(10, 15));
  }));

Deno.test("Spool keeps its order where the numbers of its files have one more digit", () =>
  withWorld(async ({ folder, problems, open }) => {
    await Deno.mkdir(folder);
    for (const [index, number] of [99_999_999, 100_000_000].entries()) {
      await Deno.writeFile(`${folder}/${number}.spool`, encodeMessages([message(index)]));
    }
    await Deno.writeFile(`${folder}/copy.spool`, encodeMessages([message(7)]));
    const spool = open();
    spool.write([message(2)]);
    assert.deepEqual(drain(spool), [0, 1, 2]);
    assert.deepEqual(problems, []);
  }));
