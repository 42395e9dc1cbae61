import assert from "node:assert/strict";
import { Admin } from "@platformatic/kafka";
import { connect } from "mqtt";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { isRunning } from "../../shared/services/process.ts";
import { workerPorts } from "../../shared/services/worker_ports.ts";
import type { StartedService } from "./state.ts";

const ENTRY = import.meta.resolve("../services.ts");

type Status = Record<
  "kafka" | "mqtt",
  StartedService & { readonly healthy: boolean; readonly problems: string[] }
>;

Deno.test("services up, status, down: both serve in between, and nothing runs after", async () => {
  await withServices(async (services) => {
    const up = await services("up", "--json");
    assert.equal(up.code, 0, up.stderr);
    const urls = JSON.parse(up.lines.at(-1)!);
    assert.deepEqual(Object.keys(urls), ["kafka", "mqtt"]);
    assert.deepEqual(await createAndListTopics(urls.kafka), ["power"]);
    assert.equal(await publishAndReceive(urls.mqtt), "42");

    const again = await services("up", "--json", "--brokers", "1");
    assert.deepEqual(JSON.parse(again.lines.at(-1)!), urls);
    const other = await services("up", "--brokers", "3");
    assert.equal(other.code, 2);
    assert.match(other.stderr, /Stop it first: deno task services down --only kafka/);

    const healthy = await statusOf(services);
    assert.equal(healthy.code, 0);
    assert.deepEqual([healthy.status.kafka.url, healthy.status.mqtt.url], [urls.kafka, urls.mqtt]);
    Deno.kill(healthy.status.mqtt.processes[0]!.pid, "SIGKILL");
    const unwell = await eventually(async () => {
      const now = await statusOf(services);
      assert.equal(now.code, 1);
      return now.status;
    }, { deadlineMs: PATIENCE_MS });
    assert.equal(unwell.kafka.healthy, true);
    assert.match(unwell.mqtt.problems.join(), /Mosquitto has ended: see .*mosquitto\.log/);
    const anew = await services("up", "--only", "mosquitto");
    assert.equal(await publishAndReceive(anew.lines.at(-1)!.split(/\s+/)[1]!), "42");

    const { kafka, mqtt } = (await statusOf(services)).status;
    const down = await services("down", "--json");
    assert.deepEqual(JSON.parse(down.lines.at(-1)!), { stopped: ["kafka", "mqtt"] });
    for (const process of [...kafka.processes, ...mqtt.processes]) {
      assert(!await isRunning(process), process.name);
      assert((await Deno.stat(process.logPath)).size > 0);
    }
    assert.deepEqual((await statusOf(services)).status, {});
    assert.equal((await services("down")).code, 0);
  });
});

Deno.test("services up --only prometheus runs the rules of deploy/ over the workers of dev", async () => {
  await withServices(async (services) => {
    const up = await services("up", "--only", "prometheus", "--http-base", "9500", "--json");
    assert.equal(up.code, 0, up.stderr);
    const { prometheus } = JSON.parse(up.lines.at(-1)!);
    const about = async (path: string) => (await (await fetch(`${prometheus}${path}`)).json()).data;
    const { groups } = await about("/api/v1/rules?type=alert");
    assert.ok(JSON.stringify(groups).includes("WattstreamRecordsLost"));
    await eventually(async () => {
      const { activeTargets } = await about("/api/v1/targets");
      const targets = activeTargets.map(({ labels }: { labels: Record<string, string> }) =>
        `${labels.worker} ${labels.instance}`
      );
      const workers = [...workerPorts(9500)].map(([name, port]) => `${name} 127.0.0.1:${port}`);
      assert.ok(workers.includes("training 127.0.0.1:9503"), workers.join());
      assert.deepEqual(targets.sort(), workers.sort());
    }, { deadlineMs: PATIENCE_MS });
    const { code, lines } = await services("status");
    assert.equal(code, 0, lines.join());
    const down = await services("down", "--json");
    assert.deepEqual(JSON.parse(down.lines.at(-1)!), { stopped: ["prometheus"] });
  });
});

Deno.test("services up that is killed before it is done leaves nothing running", async () => {
  await withServices(async (_services, folder) => {
    await using up = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ENTRY, "up", "--only", "kafka", "--services-folder", folder],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await eventually(async () => assert.notDeepEqual(await brokersOf(folder), []), {
      deadlineMs: PATIENCE_MS,
    });
    up.kill("SIGKILL");
    await up.status;
    await eventually(async () => assert.deepEqual(await brokersOf(folder), []), {
      deadlineMs: PATIENCE_MS,
    });
  });
});

Deno.test("services up says what to change when Maven reaches nothing", async () => {
  await withServices(async (_services, folder) => {
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/mvn`, "#!/bin/sh\necho 'ERROR offline'; exit 1\n", {
      mode: 0o755,
    });
    const env = { PATH: `${folder}:${Deno.env.get("PATH")}`, WATTSTREAM_CACHE: `${folder}/cache` };
    const { code, stderr } = await run(["up", "--only", "kafka"], folder, env);
    assert.equal(code, 1);
    assert.match(stderr, /Give Maven access .* WATTSTREAM_CACHE .* Maven says:\nERROR offline/s);
  });
});

Deno.test("services refuses flags and commands that do not exist with exit code 2", async () => {
  await withServices(async (services) => {
    const wrong = [
      [["up", "--only", "redis"], /--only: expected kafka,mosquitto,prometheus, got "redis"/],
      [["up", "--brokers", "2"], /--brokers/],
      [["up", "--only", "mosquitto", "--brokers", "3"], /--only mosquitto has no kafka/],
      [["sideways"], /There is no sideways/],
      [[], /Usage: deno task services up/],
    ] as const;
    for (const [args, message] of wrong) {
      const { code, stderr } = await services(...args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, message);
    }
    const { code, lines } = await services("--help");
    assert.equal(code, 0);
    assert.match(lines[0]!, /real Kafka and Mosquitto/);
  });
});

interface Result {
  readonly code: number;
  /** Of standard output. */
  readonly lines: string[];
  readonly stderr: string;
}

/** Runs `deno task services` with these arguments. */
type Services = (...args: readonly string[]) => Promise<Result>;

/** Services in a folder of their own, so that those which a developer runs are left alone. */
async function withServices(
  body: (services: Services, folder: string) => Promise<void>,
): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "wattstream-services-" });
  const folder = `${parent}/services`;
  const services = (...args: readonly string[]) => run(args, folder);
  try {
    await body(services, folder);
  } finally {
    await services("down");
    await Deno.remove(parent, { recursive: true });
  }
}

async function run(
  args: readonly string[],
  folder: string,
  env: Record<string, string> = {},
): Promise<Result> {
  const isCommand = ["up", "down", "status"].includes(args[0] ?? "");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ENTRY, ...args],
    env: isCommand ? { ...env, WATTSTREAM_SERVICES_FOLDER: folder } : env,
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout).trimEnd();
  return { code, lines: text.split("\n"), stderr: new TextDecoder().decode(stderr) };
}

async function statusOf(services: Services): Promise<{ code: number; status: Status }> {
  const { code, lines } = await services("status", "--json");
  return { code, status: JSON.parse(lines.at(-1)!) };
}

async function createAndListTopics(url: string): Promise<string[]> {
  const admin = new Admin({
    clientId: "test",
    bootstrapBrokers: url.replace("kafka://", "").split(","),
  });
  try {
    await admin.createTopics({ topics: ["power"], partitions: 1, replicas: 1 });
    // A broker learns of a new topic a little later than whoever made it.
    return await eventually(async () => {
      const topics = await admin.listTopics();
      assert.notDeepEqual(topics, []);
      return topics;
    }, { deadlineMs: PATIENCE_MS });
  } finally {
    await admin.close();
  }
}

async function publishAndReceive(url: string): Promise<string> {
  const client = connect(url, { protocolVersion: 5, reconnectPeriod: 0 });
  try {
    const received = new Promise<string>((resolve) => {
      client.once("message", (_topic, payload) => resolve(String(payload)));
    });
    await new Promise((resolve, reject) => client.once("connect", resolve).once("error", reject));
    await client.subscribeAsync("energy/#", { qos: 1 });
    await client.publishAsync("energy/a/b/power", "42", { qos: 1 });
    return await received;
  } finally {
    await client.endAsync();
  }
}

/** Pids of the brokers whose settings are in this folder. */
async function brokersOf(folder: string): Promise<number[]> {
  const pids: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = await Deno.readTextFile(`/proc/${name}/cmdline`);
      if (command.includes("\0kafka.Kafka\0") && command.includes(folder)) pids.push(Number(name));
    } catch {
      // It has ended meanwhile.
    }
  }
  return pids;
}
