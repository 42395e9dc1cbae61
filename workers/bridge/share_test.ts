import assert from "node:assert/strict";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { isOfShare, shareFlag } from "./share.ts";
import { TopicIndex } from "./topic_index.ts";

function indexOf(layout: string, index: number, count: number): TopicIndex {
  const parsed = parseTopicLayout(layout);
  assert.ok(parsed.ok);
  return new TopicIndex(parsed.layout, { index, count });
}

Deno.test("shareFlag() takes INDEX/COUNT and refuses what is no share", () => {
  assert.deepEqual(shareFlag().parse("1/3"), { index: 1, count: 3 });
  for (const text of ["3/3", "0/0", "-1/2", "1", "1/2/3", "a/2", "0/9999", ""]) {
    assert.equal(shareFlag().safeParse(text).success, false, text);
  }
});

Deno.test("isOfShare() gives every household to exactly one share", () => {
  const counts = [0, 0, 0];
  for (let household = 0; household < 3000; household++) {
    const owners = [0, 1, 2].filter((index) => isOfShare({ index, count: 3 }, `flat-${household}`));
    assert.equal(owners.length, 1);
    counts[owners[0]!]!++;
  }
  for (const count of counts) assert.ok(count > 900 && count < 1100, `${counts}`);
});

Deno.test("TopicIndex.lookUp() knows the owner by topic, and leaves strangers to share 0", () => {
  const owners = [0, 1].map((index) =>
    indexOf(DEFAULT_TOPIC_LAYOUT, index, 2).lookUp("energy/anna/flat-1/power").isOurs
  );
  assert.deepEqual(owners.toSorted(), [false, true]);
  assert.equal(indexOf(DEFAULT_TOPIC_LAYOUT, 0, 2).lookUp("elsewhere").isOurs, true);
  assert.equal(indexOf(DEFAULT_TOPIC_LAYOUT, 1, 2).lookUp("elsewhere").isOurs, false);
});

Deno.test("TopicIndex.lookUp() leaves a topic without household to the payload", () => {
  assert.equal(indexOf("flat", 0, 2).lookUp("power").isOurs, undefined);
  assert.equal(indexOf("flat", 0, 1).lookUp("power").isOurs, true);
});
