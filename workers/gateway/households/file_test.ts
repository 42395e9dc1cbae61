import assert from "node:assert/strict";
import { hasCode } from "../../../shared/errors.ts";
import { type Notation, notationOf, parseHouseholds } from "./file.ts";

const RIGHT = `
households:
  - user: anna
    password-file: /run/secrets/anna
    client_id: flat-1
    label-delay: 10s
    power: { preset: shelly-pro-3em, topic: shellypro3em-abc }
    devices:
      - { name: TV, preset: tasmota, topic: tv, threshold: 20, max-age: 1m }
      - name: Lamp
        topic: home/lamp
        on: state = "on"
        watts_on: 60
  - user: anna
    client_id: flat-2
    power:
      parts:
        - { topic: p1/import, watts: $ }
        - { topic: p1/export, watts: $, sign: -1 }
      unit: kW
`;

const RIGHT_TOML = `
[[households]]
user = "anna"
password-file = "/run/secrets/anna"
client_id = "flat-1"
label-delay = "10s"
power = { preset = "shelly-pro-3em", topic = "shellypro3em-abc" }

[[households.devices]]
name = "TV"
preset = "tasmota"
topic = "tv"
threshold = 20
max-age = "1m"

[[households.devices]]
name = "Lamp"
topic = "home/lamp"
on = 'state = "on"'
watts_on = 60

[[households]]
user = "anna"
client_id = "flat-2"
power.unit = "kW"
power.parts = [
  { topic = "p1/import", watts = "$" },
  { topic = "p1/export", watts = "$", sign = -1 },
]
`;

function problemsOf(text: string, notation: Notation = "yaml"): string[] {
  try {
    parseHouseholds(text, notation);
  } catch (error) {
    assert.ok(hasCode(error, "config"), String(error));
    return error.message.split("\n");
  }
  return [];
}

Deno.test("parseHouseholds() reads households with presets, expressions and parts", () => {
  const [first, second] = parseHouseholds(RIGHT);
  assert.equal(first!.entry["label-delay"], 10_000);
  assert.deepEqual(first!.power.rules.map(({ topic }) => topic), [
    "shellypro3em-abc/status/em:0",
    "shellypro3em-abc/events/rpc",
  ]);
  assert.deepEqual(first!.devices.map(({ entry, source }) => [entry.name, source.hasWatts]), [
    ["TV", true],
    ["Lamp", false],
  ]);
  assert.deepEqual(second!.power.rules.map(({ factor }) => factor), [1000, -1000]);
});

Deno.test("parseHouseholds() says line and column of every mistake, all at once", () => {
  const cases: [title: string, from: string, to: string, problem: RegExp][] = [
    ["an unknown key", "label-delay", "label-dlay", /^6:5 households\.0\.label-dlay: there is no/],
    ["a value", "10s", "ten", /^6:5 households\.0\.label-delay: expected a duration/],
    [
      "a preset",
      "shelly-pro-3em,",
      "shelly,",
      /^7:14 households\.0\.power\.preset: expected one of/,
    ],
    ["a topic", "topic: tv", "topic: tv/#", /^9:38 .*devices\.0\.topic: expected a topic without/],
    ["an expression", 'state = "on"', "state = (", /^12:9 .*\.on: this is no JSONata.*character/],
    ["a missing key", "    client_id: flat-1\n", "", /^3:5 households\.0\.client_id: /],
    ["a name twice", "name: Lamp", "name: TV", /^10:9 .*devices\.1\.name: TV is there already/],
    ["a household twice", "flat-2", "flat-1", /^15:5 .*client_id: anna\/flat-1 is there already/],
    ["a name with a slash", "user: anna\n    client", "user: a\/b\n    client", /^14:5 .*user: /],
    ["a parameter", "topic: tv,", "topic: tv, base: x,", /^9:49 .*base: this preset does not take/],
    [
      "a key twice",
      "    client_id: flat-2",
      "    user: b\n    client_id: flat-2",
      /^15:5 .*unique/,
    ],
    ["no YAML", "households:", "households: [", /^\d+:\d+ /],
  ];
  for (const [title, from, to, problem] of cases) {
    assert.ok(RIGHT.includes(from), title);
    const problems = problemsOf(RIGHT.replace(from, to));
    assert.match(problems[0] ?? "", problem, `${title}: ${problems}`);
  }
  const both = problemsOf(RIGHT.replace("10s", "ten").replace("topic: tv", "topic: ''"));
  assert.deepEqual(both.map((line) => line.split(" ")[0]), ["6:5", "9:38"]);
  const all = RIGHT.replace("name: Lamp", "name: TV").replace('state = "on"', "state = (")
    .replace("flat-2", "flat-1").replace("10s", "ten").replace("unit: kW", "unit: MW");
  assert.deepEqual(problemsOf(all).map((line) => line.split(" ")[0]), [
    ...["6:5", "10:9", "12:9", "15:5", "20:7"],
  ]);
  const [, key, ...others] = problemsOf(RIGHT.replace("households:", "? households:"));
  assert.match(key!, /^\d+:\d+ .*\\n.*…: there is no such key$/);
  assert.deepEqual(others, [], "a key of many lines is in one line");
  assert.match(problemsOf("")[0]!, /^1:1 /);
  assert.match(problemsOf("- 1")[0]!, /^1:1 /);
});

Deno.test("parseHouseholds() reads in TOML what it reads in YAML", () => {
  const entries = (text: string, notation: Notation) =>
    parseHouseholds(text, notation).map(({ entry }) => entry);
  assert.deepEqual(entries(RIGHT_TOML, "toml"), entries(RIGHT, "yaml"));
  assert.deepEqual(["a.toml", "A.TOML", "a.yaml", "toml"].map(notationOf), [
    ...["toml", "toml"],
    ...["yaml", "yaml"],
  ]);
});

Deno.test("parseHouseholds() says line and column of every mistake in TOML, all at once", () => {
  const cases: [title: string, from: string, to: string, problem: RegExp][] = [
    ["an unknown key", "label-delay", "label-dlay", /^6:1 households\.0\.label-dlay: there is no/],
    ["a value", '"10s"', "10", /^6:1 households\.0\.label-delay: /],
    ["a preset", "shelly-pro-3em", "shelly", /^7:11 households\.0\.power\.preset: expected one of/],
    ["a topic", '"tv"', '"tv/#"', /^12:1 .*devices\.0\.topic: expected a topic without/],
    ["an expression", 'state = "on"', "state = (", /^19:1 .*devices\.1\.on: this is no JSONata/],
    ["a missing key", 'client_id = "flat-1"\n', "", /^2:3 households\.0\.client_id: /],
    ["a name twice", '"Lamp"', '"TV"', /^17:1 .*devices\.1\.name: TV is there already/],
    ["a household twice", "flat-2", "flat-1", /^24:1 .*client_id: anna\/flat-1 is there already/],
    ["a date", '"flat-2"', "2026-01-01", /^24:1 .*client_id: expected a text, got a date/],
    ["a key of a part", "sign = -1", "sing = -1", /^28:39 .*parts\.1\.sing: there is no such key/],
    ["a value of a part", "sign = -1", "sign = 2", /^28:39 .*parts\.1\.sign: /],
    ["a dotted key", 'power.unit = "kW"', "power.unit = 5", /^25:7 .*power\.unit: /],
    ["a key twice", 'client_id = "flat-2"', 'user = "b"', /^24:1 .*multiple times/],
    ["no TOML", 'client_id = "flat-2"', "client_id = ]", /^24:13 /],
  ];
  for (const [title, from, to, problem] of cases) {
    assert.ok(RIGHT_TOML.includes(from), title);
    const problems = problemsOf(RIGHT_TOML.replace(from, to), "toml");
    assert.match(problems[0] ?? "", problem, `${title}: ${problems}`);
  }
  const wrong = RIGHT_TOML.replace("watts_on = 60", "watts_on = -1").replace('"tv"', '""');
  const both = problemsOf(wrong, "toml");
  assert.deepEqual(both.map((line) => line.split(" ")[0]), ["12:1", "20:1"]);
  assert.match(problemsOf("", "toml")[0]!, /^1:1 /);
});

Deno.test("parseHouseholds() refuses what is nested too deeply", () => {
  const deep = "[".repeat(5000) + "]".repeat(5000);
  assert.deepEqual(problemsOf(`a = ${deep}`, "toml"), ["1:1 it is nested too deeply"]);
  assert.ok(problemsOf(`households: ${deep}`).length > 0);
});

Deno.test("parseHouseholds() refuses aliases that blow it up", () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const below = level === 0 ? "x" : `*a${level - 1}`;
    return `a${level}: &a${level} [${new Array(10).fill(below).join(", ")}]`;
  });
  assert.equal(problemsOf(levels.join("\n")).length >= 1, true);
});

Deno.test("parseHouseholds() refuses a parameter that makes a pattern of a topic", () => {
  const householdOf = (power: object) =>
    JSON.stringify({ households: [{ user: "anna", client_id: "flat", power }] });
  const shelly = { preset: "shelly-em", topic: "shellyem-1" };
  assert.deepEqual(problemsOf(householdOf({ ...shelly, channel: 1 })), []);
  for (const channel of ["+", "#", "0/#"]) {
    const [problem = ""] = problemsOf(householdOf({ ...shelly, channel }));
    assert.match(problem, /power\.channel: expected one for a topic, without \+ #$/);
  }
  // A name in an expression may have them.
  const iotawatt = { preset: "iotawatt", topic: "house/power", field: "mains+solar" };
  assert.deepEqual(problemsOf(householdOf(iotawatt)), []);
});

Deno.test("parseHouseholds() refuses another password for a user that has one", () => {
  const power = { topic: "meter", watts: "$" };
  const problems = (first: object, second: object) =>
    problemsOf(JSON.stringify({
      households: [first, second].map((each, index) => ({
        ...{ user: "anna", client_id: `flat-${index}`, power },
        ...each,
      })),
    }));
  assert.deepEqual(problems({ password: "a" }, { password: "a" }), []);
  assert.deepEqual(problems({ password: "a" }, {}), []);
  for (const first of [{ password: "b" }, { "password-file": "a" }, {}]) {
    const [problem = ""] = problems(first, { password: "a" });
    assert.match(problem, /households\.1\.password: expected that of the first household of anna/);
  }
});
