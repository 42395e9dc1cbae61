import assert from "node:assert/strict";
import { encodeEvent } from "../../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../../shared/eventually.ts";
import type { Log } from "../../../shared/log/log.ts";
import { openLog } from "../../../shared/log/open.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../../shared/topics.ts";
import { Viewer } from "../server/viewer.ts";
import { Directory } from "./directory.ts";
import { HouseholdFeeds } from "./household_feeds.ts";
import { PartitionTails } from "./partition_tails.ts";

const HOUSEHOLD = { username: "anna", client_id: "flat" };
const DEADLINE = { deadlineMs: PATIENCE_MS };

/** A log, and feeds of it; closed in the end. */
async function withFeeds(
  body: (parts: { log: Log; feeds: HouseholdFeeds; tails: PartitionTails }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wattstream-test-" });
  const stop = new AbortController();
  const log = await openLog(`sqlite:${folder}/log.db`);
  try {
    await log.createTopics(wattstreamTopics(4));
    const tails = new PartitionTails(log);
    const feeds = new HouseholdFeeds({ log, tails, signal: stop.signal });
    await body({ log, feeds, tails });
    await feeds.close();
    await tails.close();
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function appendReading(log: Log, timestamp: number, household = HOUSEHOLD): Promise<void> {
  const appender = log.appender();
  const value = encodeEvent({ ...household, timestamp, consumption: timestamp });
  await appender.append([{ topic: POWER_TOPIC, key: household.client_id, value }]);
  await appender.close();
}

/** A page that watches the household: the text that it got, and how it leaves. */
function watch(feeds: HouseholdFeeds) {
  const viewer = new Viewer({
    signal: new AbortController().signal,
    onEnd: () => feeds.leave(HOUSEHOLD, viewer),
  });
  const page = { text: "", leave: () => viewer.close(), over: Promise.resolve() };
  page.over = (async () => {
    const stream = viewer.response.body!.pipeThrough(new TextDecoderStream());
    for await (const text of stream) page.text += text;
  })();
  feeds.join(HOUSEHOLD, viewer);
  return page;
}

Deno.test("HouseholdFeeds send what the log has, then what comes, of that household alone", async () => {
  await withFeeds(async ({ log, feeds, tails }) => {
    await appendReading(log, 100);
    // The same name of another user, in the same partition.
    await appendReading(log, 101, { ...HOUSEHOLD, username: "berta" });
    const page = watch(feeds);
    await eventually(
      () => assert.match(page.text, /event: household\ndata: .*"second":100/),
      DEADLINE,
    );
    await appendReading(log, 102);
    await eventually(
      () => assert.match(page.text, /event: update\ndata: .*"second":102/),
      DEADLINE,
    );
    assert.doesNotMatch(page.text, /"second":101/);
    page.leave();
    await page.over;
    await eventually(() => assert.equal(tails.count, 0), DEADLINE);
  });
});

Deno.test("HouseholdFeeds follow a partition once, however many pages watch", async () => {
  await withFeeds(async ({ log, feeds, tails }) => {
    await appendReading(log, 100);
    const pages = Array.from({ length: 5 }, () => watch(feeds));
    for (const page of pages) {
      await eventually(() => assert.match(page.text, /"second":100/), DEADLINE);
    }
    assert.equal(tails.count, 1);
    const late = watch(feeds);
    await eventually(() => assert.match(late.text, /"second":100/), DEADLINE);
    for (const page of [...pages, late]) page.leave();
    await eventually(() => assert.equal(tails.count, 0), DEADLINE);
  });
});

Deno.test("Directory lists each household once, with its newest reading", async () => {
  await withFeeds(async ({ log }) => {
    for (const second of [5, 7, 6]) await appendReading(log, second);
    await appendReading(log, 3, { username: "berta", client_id: "flat" });
    const list = await new Directory(log, Date.now).list();
    assert.deepEqual(list, [
      { ...HOUSEHOLD, newestS: 7, consumption: 7 },
      { username: "berta", client_id: "flat", newestS: 3, consumption: 3 },
    ]);
  });
});
