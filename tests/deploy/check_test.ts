/** `deno task deploy check` against a real API server: nothing there, all there, and one thing wrong each. */
import assert from "node:assert/strict";
import { type Check, checkAfter, checkBefore } from "../../scripts/deploy/check/checks.ts";
import { KubectlCluster } from "../../scripts/deploy/check/cluster.ts";
import { render } from "./objects.ts";
import { ApiServer } from "./api_server.ts";

const problemsOf = (checks: readonly Check[]) =>
  checks.filter(({ problem }) => problem !== undefined)
    .map(({ title, problem }) => `${title}: ${problem}`);

const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "one" },
  status: { nodeInfo: { kubeletVersion: "v1.27.3" } },
};
const STORAGE = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local" },
  provisioner: "local",
};

const GATEWAY = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "gateway", namespace: "wattstream" },
  spec: {
    serviceName: "gateway",
    selector: { matchLabels: { app: "gateway" } },
    template: {
      metadata: { labels: { app: "gateway" } },
      spec: { containers: [{ name: "gateway", image: "gateway" }] },
    },
  },
};

Deno.test("deploy check says what a cluster lacks, until it lacks nothing", async () => {
  await using server = await ApiServer.start();
  const cluster = new KubectlCluster(server.command);
  const kubectl = async (args: readonly string[], object?: unknown) => {
    const stdin = object === undefined ? undefined : JSON.stringify(object);
    const { code, stderr } = await server.kubectl(args, stdin);
    assert.equal(code, 0, stderr);
  };
  assert.deepEqual(problemsOf(await checkBefore(cluster)), [
    "nodes run Kubernetes 1.28 or newer: Add a node: there is none",
    "there is storage for claims that name none: Make one storage class the default " +
    "(annotation storageclass.kubernetes.io/is-default-class), there are: none",
    "the Secret mqtt-user-bridge is there: Create it with the keys password, client-secret: " +
    "password, client-secret missing",
    "the Secret mqtt-user-publisher is there: Create it with the keys password: password missing",
    "the Secret emqx-api-key is there: Create it with the keys key, secret: key, secret missing",
  ]);
  await kubectl(["create", "-f", "-"], NODE);
  await kubectl(["patch", "node", "one", "--subresource=status", "-p", JSON.stringify(NODE)]);
  await kubectl(["create", "-f", "-"], STORAGE);
  await kubectl(["create", "namespace", "wattstream"]);
  const secret = ["create", "secret", "generic", "--namespace", "wattstream"];
  await kubectl([...secret, "mqtt-user-bridge", "--from-literal=password=x"]);
  await kubectl([...secret, "mqtt-user-publisher", "--from-literal=password=x"]);
  await kubectl([...secret, "emqx-api-key", "--from-literal=key=x", "--from-literal=secret=x"]);
  await kubectl(["delete", "crd", "scaledobjects.keda.sh"]);
  const [nodes, keda, storage, bridge, ...others] = problemsOf(await checkBefore(cluster));
  assert.match(nodes!, /Upgrade one$/);
  assert.match(keda!, /KEDA 2 is there: Install it/);
  assert.match(storage!, /there are: local$/);
  assert.match(bridge!, /client-secret missing$/);
  assert.deepEqual(others, []);
  // Nothing was applied yet.
  const after = problemsOf(await checkAfter(cluster, ["power"]));
  for (const name of ["bridge", "predictions", "training", "disaggregation", "publisher"]) {
    for (const title of [`rights ${name} is ready`, `${name} is ready`]) {
      assert.ok(after.includes(`${title}: Apply an overlay: it is not there`), after.join("\n"));
    }
  }
  assert.match(after[0]!, /^Kafka wattstream is ready: Apply an overlay/);
  const topic = {
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaTopic",
    metadata: { name: "power", namespace: "wattstream" },
    spec: { partitions: 10 },
  };
  await kubectl(["create", "-f", "-"], topic);
  assert.match(
    problemsOf(await checkAfter(cluster, ["power"]))[1]!,
    /topic power is ready: Wait, .* it has no status yet/,
  );
  const ready = { status: { conditions: [{ type: "Ready", status: "True" }] } };
  const patch = ["patch", "kafkatopic", "power", "--namespace", "wattstream"];
  await kubectl([...patch, "--subresource=status", "--type=merge", "-p", JSON.stringify(ready)]);
  const left = after.filter((problem) => !problem.startsWith("topic power is ready"));
  assert.equal(left.length, after.length - 1);
  assert.deepEqual(problemsOf(await checkAfter(cluster, ["power"])), left);
  // What is optional is asked for where it was applied.
  await kubectl(["create", "-f", "-"], GATEWAY);
  const withGateway = problemsOf(await checkAfter(cluster, ["power"]));
  assert.deepEqual(withGateway.filter((problem) => !left.includes(problem)), [
    "gateway is ready: See kubectl describe pod gateway-0 and kubectl logs gateway-0: 0 of 1 are ready",
  ]);

  const consoleProblems = async () =>
    problemsOf(await checkAfter(cluster, ["power"])).filter((problem) =>
      !withGateway.includes(problem)
    )
      .map((problem) => problem.split(":")[0]);
  assert.deepEqual(await consoleProblems(), [], "of a component that nobody has");
  const objects = await render("optional");
  const ingress = objects.find(({ kind }) => kind === "Ingress")!;
  await kubectl(["create", "-f", "-"], ingress);
  const lacking = [
    ...["rights console is ready", "certificate console is ready"],
    "the console is found by a name of one's own",
    ...["there is an ingress of class public", "console is ready"],
  ];
  assert.deepEqual(await consoleProblems(), lacking);
  const ingressClass = {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: "public" },
    spec: { controller: "example.org/ingress" },
  };
  await kubectl(["create", "-f", "-"], ingressClass);
  const named = { spec: { rules: [{ ...ingress.spec.rules[0], host: "energy.example.net" }] } };
  const patchIngress = ["patch", "ingress", "console", "--namespace", "wattstream"];
  await kubectl([...patchIngress, "--type=merge", "-p", JSON.stringify(named)]);
  assert.deepEqual(await consoleProblems(), lacking.filter((each) => !/name of|class/.test(each)));
});
