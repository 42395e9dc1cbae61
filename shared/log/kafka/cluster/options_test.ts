import assert from "node:assert/strict";
import { hasCode } from "../../../errors.ts";
import { type KafkaOptions, kafkaSettings } from "./options.ts";

Deno.test("kafkaSettings() reads hosts and ports", async () => {
  const { bootstrap, connection } = await kafkaSettings("kafka://a:1,b,[::1]:3/", {});
  assert.deepEqual(bootstrap, [
    { host: "a", port: 1 },
    { host: "b", port: 9092 },
    { host: "::1", port: 3 },
  ]);
  assert.deepEqual([connection.tls, connection.login], [undefined, undefined]);
});

Deno.test("kafkaSettings() refuses URLs that are none, without repeating them", async () => {
  for (
    const url of [
      "kafka://",
      "kafka://a:0",
      "kafka://a:99999",
      "kafka://a:x",
      "kafka://a,,b",
      "kafka://a b:1",
      "kafka://me:secret@a:1",
      "kafka://a:1/path",
    ]
  ) {
    await assert.rejects(
      kafkaSettings(url, {}),
      (error) => hasCode(error, "config") && !error.message.includes("secret"),
      url,
    );
  }
});

Deno.test("kafkaSettings() takes a password without the line end of its file", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "geheim\n");
    const { connection } = await kafkaSettings("kafkas://a", {
      kafkaUsername: "me",
      kafkaPasswordFile: path,
    });
    assert.deepEqual(connection.login, {
      mechanism: "SCRAM-SHA-512",
      username: "me",
      password: "geheim",
    });
    assert.deepEqual(connection.tls, {});
  } finally {
    await Deno.remove(path);
  }
});

const REFUSED: readonly [problem: RegExp, options: KafkaOptions][] = [
  [/username and its password/, { kafkaUsername: "me" }],
  [/username and its password/, { kafkaPassword: "geheim" }],
  [/not both/, { kafkaUsername: "me", kafkaPassword: "geheim", kafkaPasswordFile: "f" }],
  [/--kafka-password-file: \/missing/, { kafkaUsername: "me", kafkaPasswordFile: "/missing" }],
  [/--kafka-ca-file: \/missing/, { kafkaCaFile: "/missing" }],
  [/--kafka-key-file/, { kafkaCertFile: "/missing" }],
];

for (const [problem, options] of REFUSED) {
  Deno.test(`kafkaSettings() refuses ${JSON.stringify(Object.keys(options))}`, async () => {
    await assert.rejects(
      kafkaSettings("kafkas://a", options),
      (error) =>
        hasCode(error, "config") && problem.test(error.message) && !/geheim/.test(error.message),
    );
  });
}

Deno.test("kafkaSettings() refuses certificates without TLS", async () => {
  await assert.rejects(kafkaSettings("kafka://a", { kafkaCaFile: "x" }), /kafkas:\/\//);
});
