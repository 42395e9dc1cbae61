/** Harder times: memory that runs out, a drain with the budgets in force, and autoscaling. */
import { invariant } from "../../../shared/errors.ts";
import { eventually } from "../../../shared/eventually.ts";
import type { NewRecord } from "../../../shared/log/log.ts";
import { openLog } from "../../../shared/log/open.ts";
import { POWER_TOPIC } from "../../../shared/topics.ts";
import type { Step } from "./campaign.ts";
import type { OperatedKafka } from "./kafka.ts";
import { NODE_ADDRESS } from "./node.ts";
import { render } from "./overlays.ts";
import type { DeployedSystem } from "./system.ts";

/** Where KEDA reaches Kafka: it runs on the node, which does not ask the cluster's DNS. */
export const KEDA_PORT = 9095;
const BACKLOG_HOUSEHOLDS = 200;
const BACKLOG_SECONDS = 3000;
const BATCH = 10_000;
const SCALED_MIN = 3;
const SCALING_MS = 600_000;

interface Parts {
  readonly system: DeployedSystem;
  readonly kafka: OperatedKafka;
  readonly report: (line: string) => void;
}

/** Steps of every campaign. */
export function hardships(system: DeployedSystem): Step[] {
  return [
    {
      title: "a worker that runs out of memory is killed, and goes on where it was",
      async run() {
        await limitMemory(system, "40Mi");
        await system.untilPods(
          "training",
          "an end for want of memory",
          ([pod]) => pod?.lastEnd === "OOMKilled",
        );
        await limitMemory(system, "512Mi");
        await system.untilReady("training", 1);
      },
    },
    {
      title: "a drain takes one pod of a kind, and leaves the other until it may",
      async run() {
        await system.kubectl(["scale", "statefulset/predictions", "--replicas=2"]);
        await system.untilReady("predictions", 2);
        const drain = ["drain", "node1", "--ignore-daemonsets", "--delete-emptydir-data"];
        const selector = "--pod-selector=app.kubernetes.io/name notin (simulator)";
        const { code, stderr } = await system.node.try([...drain, selector, "--timeout=40s"]);
        const ready = (await system.pods("predictions")).filter(({ isReady }) => isReady);
        await system.node.kubectl(["uncordon", "node1"]);
        invariant(code !== 0 && /disruption budget/.test(stderr), `the drain ended: ${stderr}`);
        invariant(ready.length === 1, `one of two must stay ready, got ${ready.length}`);
        for (const app of ["mosquitto", "bridge", "training"]) await system.untilReady(app, 1);
        await system.untilReady("predictions", 2);
        await system.kubectl(["scale", "statefulset/predictions", "--replicas=1"]);
        await system.untilReady("predictions", 1);
      },
    },
  ];
}

/** Steps of the longer campaign. */
export function autoscaling({ system, kafka, report }: Parts): Step[] {
  let scaled: readonly string[] = [];
  return [
    {
      title: "KEDA reads the lag of every stream worker, by the rights of its KafkaUser",
      async run() {
        await slowDown(system, "150m");
        await system.untilReady("predictions", 1);
        scaled = await applyScaling(system, kafka);
        for (const name of scaled) await untilScaling(system, name);
      },
    },
    {
      title: "KEDA scales the predictions worker by its lag, and back",
      async run() {
        await appendBacklog(kafka.url);
        let most = 1;
        await eventually(async () => {
          most = Math.max(most, (await system.pods("predictions")).length);
          invariant(most >= SCALED_MIN, `${most} pods`);
        }, { deadlineMs: SCALING_MS });
        report(`KEDA: 1 to ${most} pods`);
        await slowDown(system, "2");
        await eventually(async () => {
          const pods = await system.pods("predictions");
          invariant(pods.length === 1 && pods[0]!.isReady, `${pods.length} pods`);
        }, { deadlineMs: SCALING_MS });
        await system.kubectl(["delete", "scaledobject", ...scaled]);
      },
    },
  ];
}

/** A new limit, also for a pod that cannot start with the old one. */
async function limitMemory(system: DeployedSystem, memory: string): Promise<void> {
  const set = ["set", "resources", "statefulset/training", `--limits=memory=${memory}`];
  await system.kubectl([...set, "--requests=memory=32Mi"]);
  await system.kubectl(["delete", "pod", "training-0", "--wait=false"]);
}

async function slowDown(system: DeployedSystem, cpu: string): Promise<void> {
  await system.kubectl(["set", "resources", "statefulset/predictions", `--limits=cpu=${cpu}`]);
}

/** The manifests' own ScaledObjects, in a hurry; their names. */
async function applyScaling(system: DeployedSystem, kafka: OperatedKafka): Promise<string[]> {
  const objects = await render("microk8s");
  const find = (kind: string, name: string) =>
    objects.find((each) => each.kind === kind && each.metadata.name === name);
  const scaled = objects.filter(({ kind }) => kind === "ScaledObject");
  for (const { spec } of scaled) {
    for (const { metadata } of spec.triggers) {
      metadata.bootstrapServers = `${NODE_ADDRESS}:${KEDA_PORT}`;
      metadata.lagThreshold = "500";
    }
    spec.pollingInterval = 5;
    spec.maxReplicaCount = 4;
    spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds = 15;
  }
  invariant(kafka.passwords.has("keda"), "there is no KafkaUser keda");
  const secrets = [find("ConfigMap", "keda-kafka"), find("TriggerAuthentication", "kafka")];
  const list = { apiVersion: "v1", kind: "List", items: [...secrets, ...scaled] };
  await system.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(list));
  return scaled.map(({ metadata }) => metadata.name);
}

/** Resolves once a worker's number of replicas follows from metrics that were read. */
async function untilScaling(system: DeployedSystem, name: string): Promise<void> {
  await eventually(async () => {
    const found = await system.kubectl(["get", "hpa", `keda-hpa-${name}`, "-o", "json"]);
    const { conditions = [] } = JSON.parse(found).status;
    const active = conditions.find(({ type }: { type: string }) => type === "ScalingActive");
    invariant(active?.status === "True", `${name}: ${active?.message ?? "not looked at yet"}`);
  }, { deadlineMs: SCALING_MS });
}

/** Readings of an hour of households that were offline, more than a slow worker has read in a minute. */
async function appendBacklog(url: string): Promise<void> {
  const log = await openLog(url);
  const appender = log.appender();
  const encoder = new TextEncoder();
  const firstS = Math.floor(Date.now() / 1000) - BACKLOG_SECONDS - 60;
  let records: NewRecord[] = [];
  try {
    for (let second = 0; second < BACKLOG_SECONDS; second++) {
      for (let household = 0; household < BACKLOG_HOUSEHOLDS; household++) {
        const key = `offline-${household}`;
        const value = {
          client_id: key,
          username: "backlog",
          timestamp: firstS + second,
          consumption: second,
        };
        records.push({
          topic: POWER_TOPIC,
          key: encoder.encode(key),
          value: encoder.encode(JSON.stringify(value)),
          headers: {},
        });
      }
      if (records.length < BATCH) continue;
      await appender.append(records);
      records = [];
    }
    await appender.append(records);
  } finally {
    await appender.close();
    await log.close();
  }
}
