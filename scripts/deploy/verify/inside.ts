/** The part of `deno task deploy verify` that runs in the node's network. A line of JSON for each step. */
import { messageOf } from "../../../shared/errors.ts";
import { openLog } from "../../../shared/log/open.ts";
import { print } from "../../../shared/service/terminal.ts";
import { wattstreamTopics } from "../../../shared/topics.ts";
import { campaign } from "./campaign.ts";
import {
  makeOperatedKafka,
  type OperatedKafka,
  startOperated,
  type UserManifest,
} from "./kafka.ts";
import { autoscaling, hardships, KEDA_PORT } from "./hardships.ts";
import { KubeNode, NODE_ADDRESS, tagImage } from "./node.ts";
import { render } from "./overlays.ts";
import { DeployedSystem, NAMESPACE } from "./system.ts";

/** As Strimzi names the way in. */
const BOOTSTRAP = "wattstream-kafka-bootstrap";
const PORT = 9093;
const IMAGES = [
  "bridge",
  "predictions",
  "training",
  "disaggregation",
  "publisher",
  "gateway",
] as const;
const NEXT = "next";

async function main(): Promise<number> {
  const node = await KubeNode.running();
  const system = new DeployedSystem(node);
  const folder = await Deno.makeTempDir({ prefix: "wattstream-verify-" });
  const users = (await render("microk8s")).filter(({ kind }) => kind === "KafkaUser")
    .filter(({ spec }) => spec.authentication.type === "scram-sha-512") as UserManifest[];
  const kafka = await makeOperatedKafka({
    users,
    folder,
    addresses: [`${BOOTSTRAP}:${PORT}`, `${NODE_ADDRESS}:${KEDA_PORT}`],
    listen: NODE_ADDRESS,
  });
  let failed = false;
  try {
    await prepare(kafka, users);
    await node.kubectl(["create", "namespace", NAMESPACE]);
    await node.expose(NAMESPACE, BOOTSTRAP, PORT);
    const steps = campaign({
      system,
      kafka,
      hardships: [
        ...hardships(system),
        ...(Deno.args[0] === "long" ? autoscaling({ system, kafka, report: print }) : []),
      ],
      report: print,
      nextVersion: async () => {
        for (const name of IMAGES) {
          await tagImage(`localhost/wattstream/${name}`, { from: "test", to: NEXT });
        }
        return NEXT;
      },
    });
    for (const { title, run } of steps) {
      const startedMs = performance.now();
      let error: string | undefined;
      try {
        await run();
      } catch (thrown) {
        error = messageOf(thrown);
        failed = true;
      }
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      print(JSON.stringify({ step: title, seconds, error }));
      if (failed) break;
    }
    if (failed) print(await describe(system));
  } finally {
    await kafka.broker.kill();
    await Deno.remove(folder, { recursive: true });
  }
  return failed ? 1 : 0;
}

/** Rights and topics are there before anybody needs them, and Kafka is away again. */
async function prepare(kafka: OperatedKafka, users: readonly UserManifest[]): Promise<void> {
  await startOperated(kafka, users);
  const log = await openLog(kafka.url);
  await log.createTopics(wattstreamTopics());
  await log.close();
  await kafka.broker.stop();
}

/** What a person wants to see of a system that is not well. */
async function describe(system: DeployedSystem): Promise<string> {
  const texts = [await system.kubectl(["get", "pods,events", "-o", "wide"])];
  for (const { name } of await system.pods()) {
    texts.push(`--- ${name}`, await system.kubectl(["logs", "--tail=15", name]).catch(messageOf));
  }
  return texts.join("\n");
}

if (import.meta.main) Deno.exit(await main());
