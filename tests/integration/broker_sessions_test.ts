/** Clients that do not take their messages hold up nobody at the embedded broker: mosquitto's own. */
import assert from "node:assert/strict";
import { connect, type MqttClient } from "mqtt";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import {
  type BrokerOptions,
  type EmbeddedBroker,
  startEmbeddedBroker,
} from "../../shared/mqtt/embedded_broker.ts";

const TOPIC = "energy/anna/flat-1/power";
const KEPT = "bridge";
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 10 };

/** A broker that holds few messages, and what it said of its clients. */
async function withBroker(
  options: BrokerOptions,
  run: (broker: EmbeddedBroker, said: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  const said = new Set<string>();
  const listener = {
    dropped: (clientId: string) => void said.add(`dropped ${clientId}`),
    waiting: (clientId: string) => void said.add(`waiting ${clientId}`),
    ended: (clientId: string) => void said.add(`ended ${clientId}`),
  };
  const broker = await startEmbeddedBroker({ keepAllFor: KEPT, listener, ...options });
  try {
    await run(broker, said);
  } finally {
    await broker.close();
  }
}

interface Subscriber {
  readonly client: MqttClient;
  readonly received: number[];
}

/** A subscriber with a persistent session. */
async function subscribe(
  broker: EmbeddedBroker,
  clientId: string,
  { acknowledges = true } = {},
): Promise<Subscriber> {
  const received: number[] = [];
  const client = connect(broker.url, { clientId, clean: false, reconnectPeriod: 0 });
  client.handleMessage = ({ payload }, done) => {
    received.push(Number.parseInt(payload.toString()));
    done(acknowledges ? undefined : new Error("held back"));
  };
  await new Promise<void>((resolve) => client.once("connect", () => resolve()));
  await client.subscribeAsync("energy/#", { qos: 1 });
  return { client, received };
}

function numbers(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** mosquitto_pub with a line a message, at QoS 1: it ends once all are acknowledged. */
function publish({ port }: EmbeddedBroker, lines: readonly string[]): Deno.ChildProcess {
  const child = new Deno.Command("mosquitto_pub", {
    args: ["-p", String(port), "-q", "1", "-t", TOPIC, "-l"],
    stdin: "piped",
    stdout: "null",
  }).spawn();
  void new Blob([lines.join("\n")]).stream().pipeTo(child.stdin);
  return child;
}

async function publishAll(broker: EmbeddedBroker, lines: readonly string[]): Promise<void> {
  assert.ok((await publish(broker, lines).status).success);
}

function mosquittoSub({ port }: EmbeddedBroker, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command("mosquitto_sub", {
    args: ["-p", String(port), "-t", "energy/#", ...args],
    stdout: "piped",
  }).spawn();
}

/** Leaves a session behind that is subscribed at QoS 1. */
async function forgetSession(broker: EmbeddedBroker, clientId: string): Promise<void> {
  // -E: it ends once it is subscribed.
  await mosquittoSub(broker, "-c", "-i", clientId, "-q", "1", "-E").output();
}

Deno.test("a session that nobody returns to gives way, and everyone else gets everything", () =>
  withBroker({ limits: { messages: 100, bytes: 1e6 } }, async (broker, said) => {
    await forgetSession(broker, "forgotten");
    const bridge = await subscribe(broker, KEPT);
    await publishAll(broker, numbers(0, 5000).map(String));
    await eventually(() => assert.deepEqual(bridge.received, numbers(0, 5000)), DEADLINE);
    assert.equal(broker.pendingFor("forgotten"), 100);
    assert.deepEqual([...broker.dropped], [["forgotten", 4900]]);
    assert.ok(said.has("dropped forgotten"));
    const back = mosquittoSub(broker, "-c", "-i", "forgotten", "-q", "1", "-C", "100");
    const { stdout } = await back.output();
    const taken = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
    assert.deepEqual(taken, numbers(4900, 5000), "the newest, in order");
    await bridge.client.endAsync();
  }));

Deno.test("a session gives way by bytes too", () =>
  withBroker({ limits: { messages: 1e6, bytes: 100_000 } }, async (broker) => {
    await forgetSession(broker, "forgotten");
    await publishAll(broker, numbers(0, 50).map((each) => `${each} ${"x".repeat(10_000)}`));
    assert.ok(broker.pendingFor("forgotten") <= 10);
    assert.ok(broker.dropped.get("forgotten")! >= 40);
  }));

Deno.test("a client that acknowledges nothing gives way, and everyone else gets everything", () =>
  withBroker({ limits: { messages: 1500, bytes: 1e6 } }, async (broker) => {
    const stuck = await subscribe(broker, "stuck", { acknowledges: false });
    const bridge = await subscribe(broker, KEPT);
    await publishAll(broker, numbers(0, 5000).map(String));
    await eventually(() => assert.deepEqual(bridge.received, numbers(0, 5000)), DEADLINE);
    assert.deepEqual(stuck.received, numbers(0, 1000), "what may be in flight");
    assert.deepEqual([...broker.dropped], [["stuck", 3500]]);
    await stuck.client.endAsync(true);
    await bridge.client.endAsync();
  }));

for (const args of [["-q", "0"], ["-q", "1"], ["-c", "-q", "0"]]) {
  Deno.test(`a frozen mosquitto_sub ${args.join(" ")} loses its connection, and everyone else goes on`, () =>
    withBroker({}, async (broker, said) => {
      const frozen = mosquittoSub(broker, "-i", "frozen", "-k", "3600", ...args);
      await eventually(() => assert.equal(broker.connectedClients, 1), DEADLINE);
      const bridge = await subscribe(broker, KEPT);
      // It has subscribed once it gets something.
      await publishAll(broker, ["0"]);
      const reader = frozen.stdout.getReader();
      await reader.read();
      frozen.kill("SIGSTOP");
      try {
        const padding = "x".repeat(60_000);
        await publishAll(broker, numbers(1, 1001).map((each) => `${each} ${padding}`));
        await eventually(() => assert.deepEqual(bridge.received, numbers(0, 1001)), DEADLINE);
        assert.ok(said.has("ended frozen"));
      } finally {
        frozen.kill("SIGKILL");
        await reader.cancel();
        await frozen.status;
        await bridge.client.endAsync();
      }
    }));
}

Deno.test("publishers wait for the session that is kept whole, and nothing of it is dropped", () =>
  withBroker({ limits: { messages: 200, bytes: 1e6 } }, async (broker, said) => {
    await (await subscribe(broker, KEPT)).client.endAsync();
    const publisher = publish(broker, numbers(0, 2000).map(String));
    await eventually(() => assert.ok(said.has(`waiting ${KEPT}`)), DEADLINE);
    const pending = broker.pendingFor(KEPT);
    assert.ok(pending >= 200 && pending < 2000);
    const back = await subscribe(broker, KEPT);
    await eventually(() => assert.deepEqual(back.received, numbers(0, 2000)), DEADLINE);
    assert.ok((await publisher.status).success);
    assert.deepEqual([...broker.dropped], []);
    await back.client.endAsync();
  }));

Deno.test("what a clean start takes from the session that is kept whole is counted", () =>
  withBroker({}, async (broker, said) => {
    await (await subscribe(broker, KEPT)).client.endAsync();
    await publishAll(broker, ["1", "2", "3"]);
    await mosquittoSub(broker, "-i", KEPT, "-E").output();
    assert.deepEqual([...broker.dropped], [[KEPT, 3]]);
    assert.ok(said.has(`dropped ${KEPT}`));
  }));
