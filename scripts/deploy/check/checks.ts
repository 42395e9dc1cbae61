/**
 * What a cluster needs before, and has after, `kubectl apply -k deploy/overlays/…`. Each check is a
 * sentence, and either holds or says what to do. They read and change nothing.
 */
import type { Cluster, Found } from "./cluster.ts";

export interface Check {
  readonly title: string;
  /** What is wrong and what to do, or undefined where nothing is. */
  readonly problem: string | undefined;
}

const NAMESPACE = "wattstream";

/** Operators by a definition of theirs: its group serves this version, from this release on. */
const OPERATORS = [
  ["Strimzi 1.0 or newer", "kafkas.kafka.strimzi.io", "v1"],
  ["EMQX operator 2.2", "emqxes.apps.emqx.io", "v2beta1"],
  ["cert-manager", "certificates.cert-manager.io", "v1"],
  ["MetalLB", "ipaddresspools.metallb.io", "v1beta1"],
  ["Prometheus operator", "podmonitors.monitoring.coreos.com", "v1"],
  ["KEDA 2", "scaledobjects.keda.sh", "v1alpha1"],
] as const;

/** Kubernetes since when a StatefulSet's pods know their index by a label. */
const MINOR_MIN = 28;

/** Secrets that people make, with their keys: see deploy/README.md. */
const SECRETS = {
  "mqtt-user-bridge": ["password", "client-secret"],
  "mqtt-user-publisher": ["password"],
  "emqx-api-key": ["key", "secret"],
} as const;

const WORKERS = ["bridge", "predictions", "training", "disaggregation", "publisher"] as const;
/** Those of components. */
const OPTIONAL_WORKERS = ["gateway"] as const;

/** Everything that the objects are applied to. */
export async function checkBefore(cluster: Cluster): Promise<Check[]> {
  return [
    await checkNodes(cluster),
    ...await Promise.all(OPERATORS.map((operator) => checkOperator(cluster, operator))),
    await checkStorage(cluster),
    await checkRights(cluster),
    ...await Promise.all(
      Object.entries(SECRETS).map(([name, keys]) => checkSecret(cluster, name, keys)),
    ),
  ];
}

/** What has come of it. */
export async function checkAfter(cluster: Cluster, topics: readonly string[]): Promise<Check[]> {
  return [
    await checkReady(cluster, "Kafka", "kafkas.kafka.strimzi.io", "wattstream"),
    ...await Promise.all(
      topics.map((name) => checkReady(cluster, "topic", "kafkatopics.kafka.strimzi.io", name)),
    ),
    ...await Promise.all(
      WORKERS.map((name) => checkReady(cluster, "rights", "kafkausers.kafka.strimzi.io", name)),
    ),
    await checkReady(cluster, "certificate", "certificates.cert-manager.io", "mqtt"),
    await checkAddress(cluster),
    ...await Promise.all(
      [...WORKERS, ...await optionalOf(cluster)].map((name) => checkWorker(cluster, name)),
    ),
    ...await checkConsole(cluster),
  ];
}

async function checkNodes(cluster: Cluster): Promise<Check> {
  const nodes = await cluster.list("nodes");
  const old = nodes.filter(({ status }) =>
    Number(/^v1\.(\d+)/.exec(status.nodeInfo.kubeletVersion)?.[1] ?? 0) < MINOR_MIN
  ).map(({ metadata }) => metadata.name);
  return {
    title: `nodes run Kubernetes 1.${MINOR_MIN} or newer`,
    problem: nodes.length === 0
      ? "Add a node: there is none"
      : old.length === 0
      ? undefined
      : `Upgrade ${old.join(", ")}`,
  };
}

async function checkOperator(
  cluster: Cluster,
  [title, definition, version]: typeof OPERATORS[number],
): Promise<Check> {
  const found = await cluster.get("customresourcedefinitions", definition);
  const served = (found?.spec.versions ?? []).filter((each: Found) => each.served)
    .map(({ name }: Found) => name);
  const problem = found === undefined
    ? `Install it: deploy/README.md has the command (no ${definition})`
    : served.includes(version)
    ? undefined
    : `Install a version of it that serves ${version}: it serves ${served.join(", ")}`;
  return { title: `${title} is there`, problem };
}

async function checkStorage(cluster: Cluster): Promise<Check> {
  const classes = await cluster.list("storageclasses");
  const key = "storageclass.kubernetes.io/is-default-class";
  const byDefault = classes.filter(({ metadata }) => metadata.annotations?.[key] === "true");
  const names = classes.map(({ metadata }) => metadata.name).join(", ");
  const problem = byDefault.length === 1
    ? undefined
    : `Make one storage class the default (annotation ${key}), there are: ${names || "none"}`;
  return { title: "there is storage for claims that name none", problem };
}

async function checkRights(cluster: Cluster): Promise<Check> {
  const needed = ["statefulsets.apps", "secrets", "networkpolicies.networking.k8s.io"];
  const missing: string[] = [];
  for (const kind of needed) {
    if (!await cluster.may("create", kind, NAMESPACE)) missing.push(kind);
  }
  const problem = missing.length === 0
    ? undefined
    : `Let this user create ${missing.join(", ")} in ${NAMESPACE}`;
  return { title: "this user may create what the overlay has", problem };
}

async function checkSecret(
  cluster: Cluster,
  name: string,
  keys: readonly string[],
): Promise<Check> {
  const found = await cluster.get("secret", name, NAMESPACE);
  const missing = keys.filter((key) => found?.data?.[key] === undefined);
  const problem = missing.length === 0
    ? undefined
    : `Create it with the keys ${keys.join(", ")}: ${missing.join(", ")} missing`;
  return { title: `the Secret ${name} is there`, problem };
}

async function checkReady(
  cluster: Cluster,
  what: string,
  kind: string,
  name: string,
): Promise<Check> {
  const found = await cluster.get(kind, name, NAMESPACE);
  const condition = (found?.status?.conditions ?? []).find(({ type }: Found) => type === "Ready");
  const problem = found === undefined
    ? "Apply an overlay: it is not there"
    : condition?.status === "True"
    ? undefined
    : `Wait, or see kubectl describe ${kind} ${name}: ${
      condition?.message ?? "it has no status yet"
    }`;
  return { title: `${what} ${name} is ready`, problem };
}

async function checkAddress(cluster: Cluster): Promise<Check> {
  const service = await cluster.get("service", "mqtt", NAMESPACE);
  const addresses = (service?.status?.loadBalancer?.ingress ?? [])
    .map(({ ip, hostname }: Found) => ip ?? hostname);
  const problem = service === undefined
    ? "Apply an overlay: there is no service mqtt"
    : addresses.length > 0
    ? undefined
    : "Put free addresses of your network into the overlay's IPAddressPool: mqtt has none";
  return { title: "MQTT has an address for meters", problem };
}

/** The optional workers that were applied. */
async function optionalOf(cluster: Cluster): Promise<string[]> {
  const sets = await cluster.list("statefulsets", NAMESPACE);
  return OPTIONAL_WORKERS.filter((name) => sets.some(({ metadata }) => metadata.name === name));
}

/** Where an overlay has the component: nothing is asked of others. */
async function checkConsole(cluster: Cluster): Promise<Check[]> {
  const ingress = await cluster.get("ingress", "console", NAMESPACE);
  if (ingress === undefined) return [];
  const { ingressClassName, rules } = ingress.spec;
  const hosts: string[] = rules.map(({ host }: Found) => host);
  const classes = await cluster.list("ingressclasses");
  const deployment = await cluster.get("deployment", "console", NAMESPACE);
  const isReady = (deployment?.status?.readyReplicas ?? 0) > 0;
  return [
    await checkReady(cluster, "rights", "kafkausers.kafka.strimzi.io", "console"),
    await checkReady(cluster, "certificate", "certificates.cert-manager.io", "console"),
    {
      title: "the console is found by a name of one's own",
      problem: hosts.includes("console.example.org")
        ? "Patch the host of the Ingress and the Certificate: deploy/README.md says how"
        : undefined,
    },
    {
      title: `there is an ingress of class ${ingressClassName}`,
      problem: classes.some(({ metadata }) => metadata.name === ingressClassName)
        ? undefined
        : "Install one (microk8s enable ingress), or patch the class of the Ingress console",
    },
    {
      title: "console is ready",
      problem: isReady ? undefined : "See kubectl logs deployment/console: it is not",
    },
  ];
}

async function checkWorker(cluster: Cluster, name: string): Promise<Check> {
  const set = await cluster.get("statefulset", name, NAMESPACE);
  const { replicas } = set?.spec ?? { replicas: 0 };
  const ready = set?.status?.readyReplicas ?? 0;
  const problem = set === undefined
    ? "Apply an overlay: it is not there"
    : ready === replicas
    ? undefined
    : `See kubectl describe pod ${name}-0 and kubectl logs ${name}-0: ${ready} of ${replicas} are ready`;
  return { title: `${name} is ready`, problem };
}
