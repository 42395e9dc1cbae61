import assert from "node:assert/strict";
import { identityOf } from "./broker_kind.ts";
import { advice, conclusion, isCheck } from "./check.ts";

const env = (variables: Record<string, string>) => (name: string) => variables[name];

Deno.test("isCheck() is asked for by flag or variable", () => {
  assert.ok(isCheck({ args: ["--mqtt", "x", "--check"], env: env({}) }));
  assert.ok(isCheck({ args: [], env: env({ WATTSTREAM_CHECK: "true" }) }));
  assert.ok(!isCheck({ args: ["--mqtt", "x"], env: env({ WATTSTREAM_CHECK: "false" }) }));
});

Deno.test("identityOf() tells brokers by what they say", () => {
  const cases: [topic: string, payload: string, name: string | undefined, text: string][] = [
    ["$SYS/broker/version", "mosquitto version 2.0.11", "Mosquitto", "Mosquitto 2.0.11"],
    ["$SYS/broker/version", "2.6.6", "mochi", "mochi 2.6.6"],
    ["$SYS/brokers/emqx@127.0.0.1/version", "5.8.0", "EMQX", "EMQX 5.8.0"],
    ["$SYS/broker/version", "Some Broker 1", undefined, "Some Broker 1"],
  ];
  for (const [topic, payload, name, text] of cases) {
    const identity = identityOf(topic, payload);
    assert.deepEqual([identity.kind?.name, identity.text], [name, text]);
  }
});

Deno.test("conclusion() says how long what is kept lasts", () => {
  const rate = (perS: number) => ({ perS, listenedS: 5 });
  const cases: [kept: [count: number, isAtLeast: boolean], perS: number, expected: RegExp][] = [
    [
      [1000, false],
      32.5,
      /keeps 1,000 messages .* drops the rest.*\n.*32.5 messages\/s that is 30.8 s/,
    ],
    [[100_000, true], 10, /100,000 messages or more.*\n.*at least 3 h in which/],
    [[1000, false], 1.9, /that is 9 min in which/],
    [[1000, false], 0, /None came in 5 s/],
    [[0, false], 10, /keeps nothing/],
  ];
  for (const [[count, isAtLeast], perS, expected] of cases) {
    assert.match(conclusion({ count, isAtLeast }, rate(perS)), expected);
  }
});

Deno.test("advice() names the setting of the broker, or of all where it does not say what it is", () => {
  assert.equal(
    advice(identityOf("$SYS/broker/version", "mosquitto version 2")),
    "To keep more: max_queued_messages in mosquitto.conf (0: no bound)",
  );
  const all = advice(undefined);
  for (const name of ["Mosquitto", "HiveMQ", "EMQX", "VerneMQ", "RabbitMQ", "NanoMQ", "mochi"]) {
    assert.match(all, new RegExp(`^  ${name}: .`, "m"));
  }
});
