import assert from "node:assert/strict";
import { hasCode } from "../errors.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout, type TopicLayout } from "./topics.ts";

function layoutOf(text: string): TopicLayout {
  const parsed = parseTopicLayout(text);
  assert.ok(parsed.ok, `${text} is a layout`);
  return parsed.layout;
}

const anna = { username: "anna", client_id: "flat-1", kind: "power" } as const;

Deno.test("TopicLayout.format() puts each name into its level", () => {
  assert.equal(layoutOf(DEFAULT_TOPIC_LAYOUT).format(anna), "energy/anna/flat-1/power");
  assert.equal(layoutOf("flat").format({ ...anna, kind: "device-state" }), "device-state");
  assert.equal(layoutOf("meters/{client_id}/{kind}").format(anna), "meters/flat-1/power");
  assert.equal(layoutOf("{kind}/x/{username}").format(anna), "power/x/anna");
});

Deno.test("TopicLayout.format() refuses a name that cannot be a level", () => {
  for (const username of ["", "a/b", "a+", "#", "a\0"]) {
    assert.throws(
      () => layoutOf(DEFAULT_TOPIC_LAYOUT).format({ ...anna, username }),
      (error) => hasCode(error, "config") && /username/.test(error.message),
    );
  }
});

Deno.test("TopicLayout.format() leaves out what the layout does not name", () => {
  assert.equal(
    layoutOf("meters/{client_id}/{kind}").format({ ...anna, username: "a/b" }),
    "meters/flat-1/power",
  );
});

Deno.test("TopicLayout.filter() subscribes to one kind or to both", () => {
  const layout = layoutOf(DEFAULT_TOPIC_LAYOUT);
  assert.equal(layout.filter("power"), "energy/+/+/power");
  assert.equal(layout.filter("device-state"), "energy/+/+/device-state");
  assert.equal(layout.filter(), "energy/+/+/+");
  assert.equal(layoutOf("flat").filter("power"), "power");
});

Deno.test("TopicLayout.match() gives back what was formatted", () => {
  assert.deepEqual(layoutOf(DEFAULT_TOPIC_LAYOUT).match("energy/anna/flat-1/power"), anna);
  assert.deepEqual(layoutOf("flat").match("device-state"), { kind: "device-state" });
  assert.deepEqual(layoutOf("meters/{client_id}/{kind}").match("meters/flat-1/power"), {
    kind: "power",
    client_id: "flat-1",
  });
});

Deno.test("TopicLayout.match() is undefined for topics of another layout", () => {
  const layout = layoutOf(DEFAULT_TOPIC_LAYOUT);
  for (
    const topic of [
      "power",
      "energy/anna/flat-1/temperature",
      "energy/anna/flat-1",
      "energy/anna/flat-1/power/x",
      "Energy/anna/flat-1/power",
      "energy//flat-1/power",
      "energy/anna//power",
      "",
    ]
  ) assert.equal(layout.match(topic), undefined, topic);
});

Deno.test("parseTopicLayout() says what is wrong with a text", () => {
  const refusals: [string, RegExp][] = [
    ["energy/{username}", /add \{kind\}/],
    ["{kind}/{kind}", /use \{kind\} once/],
    ["{username}/{username}/{kind}", /use \{username\} once/],
    ["energy/{user}/{kind}", /expected \{username\}, \{client_id\} or \{kind\}.*"\{user\}"/],
    ["energy/a-{client_id}/{kind}", /as a whole level, got "a-\{client_id\}"/],
    ["energy/+/{kind}", /wildcard/],
    ["energy/#/{kind}", /wildcard/],
    ["energy//{kind}", /empty level/],
    ["/{kind}", /empty level/],
    ["", /empty level/],
    ["$share/x/{kind}", /\$/],
  ];
  for (const [text, expected] of refusals) {
    const parsed = parseTopicLayout(text);
    assert.ok(!parsed.ok, `${text} is refused`);
    assert.match(parsed.error, expected);
  }
});
