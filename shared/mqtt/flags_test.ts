import assert from "node:assert/strict";
import { z } from "zod";
import { hasCode } from "../errors.ts";
import { parseConfig } from "../service/config.ts";
import { brokerAddress, checkMqttFlags, type MqttConfig, mqttFlags, mqttOptions } from "./flags.ts";

function parse(...args: string[]): MqttConfig {
  const schema = z.strictObject(mqttFlags).superRefine(checkMqttFlags);
  const parsed = parseConfig(schema, { args, env: () => undefined });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("mqttOptions() takes host, port and credentials from the URL", async () => {
  assert.deepEqual(await mqttOptions(parse("--mqtt", "mqtt://anna:p%40ss@[::1]:1884")), {
    protocol: "mqtt",
    host: "::1",
    port: 1884,
    protocolVersion: 5,
    connectTimeout: 10_000,
    username: "anna",
    password: "p@ss",
  });
});

Deno.test("mqttOptions() leaves port and credentials out where nothing gives them", async () => {
  assert.deepEqual(
    await mqttOptions(parse("--mqtt", "ws://broker/mqtt?x=1", "--mqtt-version", "3.1.1")),
    {
      protocol: "ws",
      host: "broker",
      path: "/mqtt?x=1",
      protocolVersion: 4,
      connectTimeout: 10_000,
    },
  );
});

const PEM = "-----BEGIN CERTIFICATE-----\n";

Deno.test("mqttOptions() reads password and certificates from files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [password, pem] = [`${folder}/password`, `${folder}/pem`];
    await Deno.writeTextFile(password, "secret\n");
    await Deno.writeTextFile(pem, PEM);
    const all = [
      ...["--mqtt", "mqtts://u:old@broker", "--mqtt-username", "anna"],
      ...["--mqtt-password-file", password, "--mqtt-cert", pem, "--mqtt-key", pem],
    ];
    const options = await mqttOptions(parse(...all, "--mqtt-ca", pem));
    assert.equal(options.username, "anna");
    assert.equal(options.password, "secret");
    assert.deepEqual([options.ca, options.cert, options.key], [PEM, PEM, PEM]);
    const wrong = parse(...all, "--mqtt-ca", password);
    await assert.rejects(mqttOptions(wrong), {
      code: "config",
      message: "Give --mqtt-ca a PEM file: this one has no -----BEGIN",
    });
    await assert.rejects(mqttOptions(wrong, { caFlag: "--uplink-ca" }), /Give --uplink-ca a PEM/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("mqttOptions() names the flag whose file cannot be read", async () => {
  const config = parse("--mqtt", "mqtts://broker", "--mqtt-ca", "/nowhere/ca.pem");
  await assert.rejects(
    mqttOptions(config),
    (error) => hasCode(error, "config") && /--mqtt-ca.*\/nowhere\/ca\.pem/.test(error.message),
  );
});

Deno.test("checkMqttFlags() refuses flags that do not go together", () => {
  const refusals: [string[], RegExp][] = [
    [["--mqtt", "http://x"], /--mqtt: expected a URL that begins with mqtt:, mqtts:, ws:, wss:/],
    [["--mqtt", "mqtt://x:99999"], /--mqtt: expected a URL/],
    [["--mqtt", "mqtt:1883"], /--mqtt: expected a URL/],
    [["--mqtt", "mqtt://a%z@x"], /--mqtt: expected a URL/],
    [["--mqtt", "mqtt://x", "--mqtt-password", "p"], /--mqtt-username: expected with a password/],
    [
      ["--mqtt", "mqtt://u@x", "--mqtt-password", "p", "--mqtt-password-file", "f"],
      /--mqtt-password-file: leave it out/,
    ],
    [["--mqtt", "mqtts://x", "--mqtt-cert", "c"], /--mqtt-cert: expected together/],
    [["--mqtt", "mqtt://x", "--mqtt-ca", "c"], /--mqtt: expected mqtts: or wss:/],
    [["--mqtt", "mqtt://x", "--mqtt-topics", "a/b"], /--mqtt-topics: add \{kind\}/],
  ];
  for (const [args, expected] of refusals) {
    assert.throws(() => parse(...args), (error) => {
      assert.ok(hasCode(error, "config"));
      assert.match(error.message, expected);
      return true;
    });
  }
});

Deno.test("brokerAddress() has no credentials in it", () => {
  assert.equal(brokerAddress("mqtts://anna:secret@broker:8883/x"), "mqtts://broker:8883");
});
