/** Every overlay, before a real API server that knows the operators' kinds; and mistakes that are caught. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { ApiServer } from "./api_server.ts";
import { problemsOf } from "./manifest_rules.ts";
import { type KubeObject, nameOf, type Overlay, OVERLAYS, render } from "./objects.ts";

const STRICT = ["apply", "--server-side", "--validate=strict", "-f", "-"];

const textOf = (objects: readonly KubeObject[]) =>
  objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");

Deno.test("every overlay holds together: flags, files, probes, secrets, selectors", async () => {
  for (const overlay of OVERLAYS) {
    assert.deepEqual(problemsOf(await render(overlay)), [], overlay);
  }
});

/** A mistake, and the words by which it is caught. */
interface Mistake {
  readonly title: string;
  readonly overlay?: Overlay;
  /** Of the object that it is made in. */
  readonly object: string;
  make(object: KubeObject): void;
  readonly caught: RegExp;
}

const container = ({ spec }: KubeObject) => spec.template.spec.containers[0];

/** The API server refuses these. */
const REFUSED: readonly Mistake[] = [
  {
    title: "a wrong field",
    object: "StatefulSet bridge",
    make: (object) => container(object).imagePullPolice = "Always",
    caught: /imagePullPolice: field not declared in schema/,
  },
  {
    title: "a wrong field of an operator's kind",
    object: "KafkaTopic power",
    make: (object) => object.spec.partition = 10,
    caught: /partition: field not declared in schema/,
  },
  {
    title: "a wrong enum",
    object: "StatefulSet bridge",
    make: (object) => object.spec.podManagementPolicy = "Sequential",
    caught: /podManagementPolicy/,
  },
  {
    title: "a wrong enum of an operator's kind",
    object: "KafkaUser bridge",
    make: (object) => object.spec.authorization.acls[0].operations = ["Produce"],
    caught: /Unsupported value: "Produce"/,
  },
  {
    title: "a wrong field of Kafka over HTTP",
    overlay: "optional",
    object: "KafkaBridge http",
    make: (object) => object.spec.http.hostname = "kafka",
    caught: /hostname: field not declared in schema/,
  },
  {
    title: "a wrong enum of Kafka over HTTP",
    overlay: "optional",
    object: "KafkaBridge http",
    make: (object) => object.spec.authentication.type = "scram-sha-1",
    caught: /Unsupported value: "scram-sha-1"/,
  },
  {
    title: "a selector that the pods do not match",
    object: "StatefulSet training",
    make: (object) => object.spec.selector.matchLabels["app.kubernetes.io/name"] = "trainings",
    caught: /`selector` does not match template `labels`/,
  },
  {
    title: "a budget with both bounds",
    object: "PodDisruptionBudget bridge",
    make: (object) => object.spec.minAvailable = 1,
    caught: /minAvailable and maxUnavailable cannot be both set/,
  },
];

/** The API server takes these; the rules do not. */
const UNNOTICED: readonly Mistake[] = [
  {
    title: "a key that the Secret does not have",
    object: "StatefulSet bridge",
    make: (object) => container(object).env[2].valueFrom.secretKeyRef.key = "client-id",
    caught: /the Secret mqtt-user-bridge has no client-id/,
  },
  {
    title: "a Secret that nobody makes",
    object: "StatefulSet training",
    make: ({ spec }) =>
      spec.template.spec.volumes[0].projected.sources[0].secret.name = "kafka-user-trainer",
    caught: /nobody makes the Secret kafka-user-trainer/,
  },
  {
    title: "a Secret of the publisher that nobody makes",
    object: "StatefulSet publisher",
    make: ({ spec }) =>
      spec.template.spec.volumes[0].projected.sources[2].secret.name = "mqtt-user-teller",
    caught: /nobody makes the Secret mqtt-user-teller/,
  },
  {
    title: "a file that is not mounted",
    object: "StatefulSet training",
    make: ({ spec }) =>
      spec.template.spec.volumes[0].projected.sources[1].secret.items[0].path = "ca",
    caught: /WATTSTREAM_KAFKA_CA_FILE=.* is not mounted/,
  },
  {
    title: "a file of the gateway that is not mounted",
    overlay: "optional",
    object: "StatefulSet gateway",
    make: ({ spec }) =>
      spec.template.spec.volumes[0].projected.sources[0].secret.items[0].path = "homes.yaml",
    caught: /WATTSTREAM_HOUSEHOLDS=.* is not mounted/,
  },
  {
    title: "a probe on a port that is not there",
    object: "StatefulSet predictions",
    make: (object) => container(object).readinessProbe.httpGet.port = 8081,
    caught: /readinessProbe asks port 8081: there is none/,
  },
  {
    title: "a probe on a port where the worker does not serve",
    object: "StatefulSet predictions",
    make: (object) => container(object).ports[0].containerPort = 8090,
    caught: /livenessProbe asks port 8090, not 8080/,
  },
  {
    title: "a flag that the worker does not have",
    object: "StatefulSet training",
    make: (object) => container(object).args.push("--window=15s"),
    caught: /--window: unknown flag/,
  },
  {
    title: "a flag that the disaggregation worker does not have",
    object: "StatefulSet disaggregation",
    make: (object) => container(object).args.push("--home-assistant=true"),
    caught: /--home-assistant: unknown flag/,
  },
  {
    title: "a variable that the worker does not have",
    object: "StatefulSet training",
    make: (object) => container(object).env.push({ name: "WATTSTREAM_WINDOW", value: "15s" }),
    caught: /there is no variable WATTSTREAM_WINDOW/,
  },
  {
    title: "a value that the worker refuses",
    object: "StatefulSet bridge",
    make: (object) => container(object).env[0].value = "0",
    caught: /--share: /,
  },
  {
    title: "more bridges than they know of",
    object: "StatefulSet bridge",
    make: (object) => object.spec.replicas = 2,
    caught: /BRIDGE_COUNT must be its replicas, 2/,
  },
  {
    title: "a service whose port no pod has",
    object: "Service kafka-ui",
    make: (object) => object.spec.ports[0].targetPort = "https",
    caught: /no pod has a port https/,
  },
];

/** An overlay with the mistake in it. */
async function withMistake({ overlay = "microk8s", object, make }: Mistake) {
  const objects = await render(overlay);
  const found = objects.find((candidate) => nameOf(candidate) === object);
  assert.ok(found !== undefined, `${overlay} has no ${object}`);
  make(found);
  return { objects, found };
}

for (const mistake of UNNOTICED) {
  Deno.test(`the manifests' rules refuse ${mistake.title}`, async () => {
    const { objects } = await withMistake(mistake);
    assert.match(problemsOf(objects).join("\n"), mistake.caught);
  });
}

Deno.test("a real API server takes every overlay, and refuses planted mistakes", async (t) => {
  await using server = await ApiServer.start();
  await server.kubectl(["create", "namespace", "metallb-system"]);
  for (const overlay of OVERLAYS) {
    await t.step(`${overlay} is applied`, async () => {
      const { code, stderr, stdout } = await server.kubectl(STRICT, textOf(await render(overlay)));
      assert.equal(code, 0, stderr);
      assert.equal(stderr.match(/warning/i), null, stderr);
      assert.match(stdout, /namespace\/wattstream serverside-applied/);
    });
  }
  for (const mistake of REFUSED) {
    await t.step(`${mistake.title} is refused`, async () => {
      const { found } = await withMistake(mistake);
      const dryRun = [...STRICT, "--dry-run=server", "--force-conflicts"];
      const { code, stderr } = await server.kubectl(dryRun, textOf([found]));
      assert.notEqual(code, 0);
      assert.match(stderr, mistake.caught);
    });
  }
});
