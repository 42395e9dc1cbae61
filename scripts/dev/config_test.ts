import assert from "node:assert/strict";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { devConfig, semanticsOf } from "./config.ts";

function parse(...args: string[]) {
  const parsed = parseConfig(devConfig, { args, env: () => undefined });
  assert.ok(parsed !== "help");
  return parsed;
}

Deno.test("devConfig gives 20 households and everything embedded where nothing is set", () => {
  const { config, variables } = parse();
  assert.equal(config.households, 20);
  assert.equal(config.durationMs, undefined);
  assert.equal(config.log, undefined);
  assert.equal(config.mqtt, undefined);
  assert.equal(config.mqttPort, 0);
  assert.equal(config.httpBase, undefined);
  assert.equal(config.partitions, 10);
  assert.deepEqual(semanticsOf(config), DEFAULT_SEMANTICS);
  assert.deepEqual(variables, {});
});

Deno.test("devConfig hands the workers' flags on as variables", () => {
  const { config, variables } = parse("--lateness", "7s", "--replay-speed=20", "--seed", "4");
  assert.equal(semanticsOf(config).latenessS, 7);
  assert.deepEqual(variables, {
    WATTSTREAM_SEED: "4",
    WATTSTREAM_REPLAY_SPEED: "20",
    WATTSTREAM_LATENESS: "7s",
  });
});

Deno.test("devConfig refuses what does not go together", () => {
  assert.throws(
    () => parse("--mqtt", "mqtt://host", "--mqtt-port", "1883", "--households", "0"),
    /--households: .*\n.*--mqtt-port of the embedded broker without --mqtt, got 1883/,
  );
  assert.throws(() => parse("--mqtt-ca", "ca.pem"), /expected mqtts: or wss: with certificates/);
  assert.throws(
    () => parse("--loop", "--replay-speed", "2"),
    /--loop: expected with --replay-speed 1/,
  );
  assert.throws(
    () => parse("--home-assistant", "--mqtt", "mqtt://host"),
    /--home-assistant: leave it out with --mqtt/,
  );
  assert.throws(
    () => parse("--home-assistant", "--no-disaggregation"),
    /--home-assistant: leave it out with --no-disaggregation/,
  );
  assert.throws(
    () => parse("--log", "postgres://host"),
    /--log: expected a URL that begins with sqlite:, kafka:/,
  );
  assert.throws(
    () => parse("--households", "10001"),
    /--households: expected --connections that they share, with more than 10000/,
  );
  assert.equal(parse("--households", "10001", "--connections", "50").config.connections, 50);
});
