import assert from "node:assert/strict";
import { type Announced, announcementsOf, NOTHING_ANNOUNCED } from "./home_assistant.ts";

const WHO = { client_id: "flat-1", username: "anna" };

/** All that there can be of a household with these devices. */
function all(names: readonly string[], deviceCountMax: number = names.length): Announced {
  return { names, deviceCountMax, hasSecond: true, hasModel: true };
}

function announced(what: Announced, who = WHO) {
  return new Map(
    announcementsOf(who, what).map(({ topic, payload }) => [
      topic.split("/").slice(1).join("/"),
      payload === "" ? undefined : JSON.parse(payload),
    ]),
  );
}

Deno.test("announcementsOf() makes one device of a household, and three entities of each of its own", () => {
  const found = announced(all(["kettle", "tv"]));
  assert.equal(found.size, 3 + 2 * 3);
  const settings = [...found.values()];
  assert.equal(new Set(settings.map(({ unique_id }) => unique_id)).size, settings.length);
  assert.equal(new Set(settings.map(({ device }) => device.identifiers[0])).size, 1);
  const named = (name: string) => settings.find((each) => each.name === name);
  assert.deepEqual(
    ["kettle", "kettle power", "kettle energy", "total", "unexplained", "model"].map((name) =>
      named(name)?.state_topic
    ),
    [...new Array(5).fill("energy/anna/flat-1/disaggregated"), "energy/anna/flat-1/model"],
  );
  assert.equal(named("tv energy").state_class, "total_increasing");
  assert.match(named("tv energy").value_template, /devices\[1\]\.energy/);
});

Deno.test("announcementsOf() takes back what the household no longer has", () => {
  const after = announced(all(["kettle"], 2));
  const gone = [...after].filter(([, settings]) => settings === undefined).map(([topic]) => topic);
  assert.deepEqual(gone.map((topic) => topic.split("/").slice(2).join("/")), [
    "device_2_power/config",
    "device_2_energy/config",
    "device_2_on/config",
  ]);
  const nothing = announced({ ...NOTHING_ANNOUNCED, deviceCountMax: 2 });
  assert.equal(nothing.size, after.size);
  assert.deepEqual([...nothing.values()].filter((settings) => settings !== undefined), []);
});

Deno.test("announcementsOf() says nothing of what nobody knows", () => {
  const unheard = { ...all(["kettle"]), hasSecond: undefined, hasModel: undefined };
  assert.equal(announced(unheard).size, 3);
});

Deno.test("announcementsOf() keeps households apart whatever their names, in topics that Home Assistant takes", () => {
  const odd = { client_id: "x y-ü", username: "anna" };
  const topics = [WHO, odd, { client_id: "anna", username: "flat-1" }]
    .flatMap((who) => announcementsOf(who, all(["kettle"])).map(({ topic }) => topic));
  assert.equal(new Set(topics).size, topics.length);
  const discovery =
    /^homeassistant\/(sensor|binary_sensor)\/[a-zA-Z0-9_-]+\/[a-zA-Z0-9_-]+\/config$/;
  for (const topic of topics) assert.match(topic, discovery);
});
