/**
 * The system on a real node, step by step: what pods may do, what they do while Kafka is away, and that
 * nothing is lost or doubled while pods come and go. Runs in the node's network.
 */
import { isDeepStrictEqual } from "node:util";
import { invariant } from "../../../shared/errors.ts";
import { eventually } from "../../../shared/eventually.ts";
import { pause } from "../../../shared/pause.ts";
import type { Log } from "../../../shared/log/log.ts";
import { openLog } from "../../../shared/log/open.ts";
import { INSTALLED_FOLDERS, permissionFlags } from "../../../shared/service/permissions.ts";
import { DATASET_TOPIC, POWER_TOPIC, PREDICTIONS_TOPIC } from "../../../shared/topics.ts";
import { entrypointOf } from "../../image/images.ts";
import type { OperatedKafka } from "./kafka.ts";
import { prove } from "./proof.ts";
import type { DeployedSystem } from "./system.ts";

export interface Step {
  readonly title: string;
  run(): Promise<void>;
}

export interface CampaignParts {
  readonly system: DeployedSystem;
  readonly kafka: OperatedKafka;
  /** Makes a second version of the images known to the node; its tag. */
  readonly nextVersion: () => Promise<string>;
  /** Further steps, before the oracle's. */
  readonly hardships: readonly Step[];
  readonly report: (line: string) => void;
}

/** Prints what a process in the container sees of its own bounds. */
const CONFINEMENT = new URL("./confinement.js", import.meta.url);
/** Tries what no worker may. */
const FORBIDDEN = new URL("./forbidden.js", import.meta.url);
/** Prints what a container's first process was started as. */
const COMMAND_LINE = new URL("./command_line.js", import.meta.url);
const ALL_BUT_NETWORK = ["--allow-all", "--deny-net"];
/** Those that wait for Kafka. */
const OF_KAFKA = ["bridge", "predictions", "training", "disaggregation", "publisher"] as const;
const WORKERS = [...OF_KAFKA, "gateway", "simulator"] as const;
/** Milliseconds in which a worker would have given up several times, if it did. */
const AWAY_MS = 10_000;
const FLOW_MS = 240_000;

/** The steps that the suite takes. */
export function campaign(parts: CampaignParts): Step[] {
  const { system, kafka, report } = parts;
  let log: Log;
  return [
    {
      title: "workers wait, alive and unready, while Kafka is away",
      async run() {
        await system.deploy(kafka);
        await system.untilReady("mosquitto", 1);
        // Its session takes what is published from here on.
        await system.untilLogged("bridge-0", "the broker is there");
        await system.kubectl(["scale", "deployment/simulator", "--replicas=1"]);
        await system.untilReady("simulator", 1);
        await pause(AWAY_MS);
        for (const app of OF_KAFKA) {
          const [pod] = await system.pods(app);
          expectSame([pod!.isReady, pod!.restarts], [false, 0], app);
        }
      },
    },
    {
      title:
        "workers are ready with Kafka, by the rights of their KafkaUsers, and none has restarted",
      async run() {
        await kafka.broker.start();
        log = await openLog(kafka.url);
        for (const app of WORKERS) await system.untilReady(app, 1);
        for (const pod of await system.pods()) expectSame(pod.restarts, 0, pod.name);
      },
    },
    {
      title: "containers have no rights, a root that nobody writes, and no token",
      async run() {
        const confinement = await Deno.readTextFile(CONFINEMENT);
        for (const app of [...OF_KAFKA, "gateway"]) {
          const pod = `${app}-0`;
          const found = JSON.parse(await system.evaluate(pod, confinement));
          expectSame(found, {
            user: 65532,
            capabilities: "0000000000000000",
            noNewPrivileges: "1",
            seccomp: "2",
            root: "ReadOnlyFilesystem",
            token: "NotFound",
            shell: "NotFound",
          }, pod);
        }
      },
    },
    {
      title: "containers start their worker with its rights, and it can do nothing else with them",
      async run() {
        const forbidden = await Deno.readTextFile(FORBIDDEN);
        const commandLine = await Deno.readTextFile(COMMAND_LINE);
        const rights = permissionFlags(INSTALLED_FOLDERS);
        const ofWorker = async (app: typeof WORKERS[number], pod: string) => {
          const started = JSON.parse(await system.evaluate(pod, commandLine));
          expectSame(
            started.slice(0, entrypointOf(app).length),
            entrypointOf(app),
            pod,
          );
          const refused = JSON.parse(await system.evaluateWith(rights, pod, forbidden));
          const { ownVariable, otherVariable, ...others } = refused;
          expectSame([ownVariable, otherVariable], ["allowed", "hidden"], pod);
          for (const [attempt, outcome] of Object.entries(others)) {
            expectSame(outcome, "NotCapable", `${pod}, ${attempt}`);
          }
          const allowed = await system.evaluateWith(ALL_BUT_NETWORK, pod, forbidden);
          for (const attempt of ["otherVariable", "file", "subprocess", "machine"]) {
            expectSame(
              JSON.parse(allowed)[attempt],
              "allowed",
              `${pod}, ${attempt} with all rights`,
            );
          }
        };
        for (const app of [...OF_KAFKA, "gateway"] as const) await ofWorker(app, `${app}-0`);
        const [simulator] = await system.pods("simulator");
        await ofWorker("simulator", simulator!.name);
      },
    },
    {
      title: "windows and datasets come out",
      run: () => untilMore(log, [PREDICTIONS_TOPIC, DATASET_TOPIC], 1),
    },
    {
      title: "pods are killed, deleted, rolled to a new version and scaled, and all flows on",
      async run() {
        await system.kubectl(["delete", "pod", "predictions-0", "--grace-period=0", "--force"]);
        await system.kubectl(["delete", "pod", "bridge-0", "--wait=false"]);
        const tag = await parts.nextVersion();
        for (const app of [...OF_KAFKA, "gateway"]) {
          const image = `${app}=localhost/wattstream/${app}:${tag}`;
          await system.kubectl(["set", "image", `statefulset/${app}`, image]);
        }
        for (const app of [...OF_KAFKA, "gateway"]) {
          await system.kubectl(["rollout", "status", `statefulset/${app}`, "--timeout=300s"]);
        }
        await system.kubectl(["scale", "statefulset/predictions", "--replicas=3"]);
        await system.untilReady("predictions", 3);
        await untilMore(log, [POWER_TOPIC, PREDICTIONS_TOPIC], 20);
        await system.kubectl(["scale", "statefulset/predictions", "--replicas=1"]);
        await system.untilReady("predictions", 1);
        await untilMore(log, [POWER_TOPIC, PREDICTIONS_TOPIC, DATASET_TOPIC], 1);
      },
    },
    ...parts.hardships,
    {
      title: "the oracle finds nothing lost and nothing doubled",
      async run() {
        const published = await stopSimulator(system);
        await eventually(async () => {
          const { power, states } = await countsOf(log);
          const missing = `${published.readings - power} readings, ${
            published.states - states
          } states`;
          invariant(
            power >= published.readings && states >= published.states,
            `missing: ${missing}`,
          );
        }, { deadlineMs: FLOW_MS });
        const { correctness, deadLetters, log: counts, answers } = await prove(log);
        await log.close();
        report(JSON.stringify({ published, log: counts, correctness, answers }));
        const { lost, duplicated, windows_expected, datasets_expected } = correctness;
        expectSame({ lost, duplicated }, { lost: 0, duplicated: 0 }, "outputs");
        expectSame(correctness.windows_matching, windows_expected, "windows that match");
        expectSame(correctness.datasets_matching, datasets_expected, "datasets that match");
        invariant(windows_expected > 100, `${windows_expected} windows`);
        invariant(datasets_expected > 0, "no datasets");
        expectSame([deadLetters.lost, deadLetters.duplicated], [0, 0], "dead letters");
        expectSame([answers.lost, answers.unexpected], [0, 0], "models and disaggregated seconds");
        invariant(answers.modelsExpected > 0, "no models");
      },
    },
  ];
}

function expectSame(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  invariant(isDeepStrictEqual(actual, expected), `${what}: expected ${wanted}, got ${got}`);
}

async function countsOf(log: Log) {
  const topics = new Map((await log.describe()).map((topic) => [topic.name, topic]));
  const count = (name: string) =>
    topics.get(name)!.partitions.reduce(
      (sum, { startOffset, endOffset }) => sum + endOffset - startOffset,
      0,
    );
  return { power: count(POWER_TOPIC), states: count("device-state"), count };
}

/** Resolves once each topic has so many records more than now. */
export async function untilMore(log: Log, topics: readonly string[], more: number): Promise<void> {
  const before = (await countsOf(log)).count;
  const wanted = topics.map((name) => [name, before(name) + more] as const);
  await eventually(async () => {
    const { count } = await countsOf(log);
    const missing = wanted.filter(([name, goal]) => count(name) < goal).map(([name]) => name);
    expectSame(missing, [], "no new records");
  }, { deadlineMs: FLOW_MS });
}

/** Ends the simulator's pod; how much the broker has acknowledged of it. */
async function stopSimulator(system: DeployedSystem) {
  const [pod] = await system.pods("simulator");
  const following = system.kubectl(["logs", "--follow", pod!.name]);
  await system.kubectl(["scale", "deployment/simulator", "--replicas=0"]);
  const lines = (await following).split("\n").filter((line) => line.startsWith("{"));
  const finished = lines.map((line) => JSON.parse(line))
    .find(({ message }) => message === "finished");
  invariant(finished !== undefined, `the simulator has not finished: ${lines.at(-1)}`);
  return { readings: Number(finished.readings), states: Number(finished.states) };
}
