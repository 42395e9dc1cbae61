/**
 * Who may talk to whom, computed from the NetworkPolicies as a network plugin does: a connection is
 * allowed where the policies of the one end let it out and those of the other let it in. The clusters of
 * the suite have no such plugin, so this is what there is of proof.
 */
import assert from "node:assert/strict";
import { type KubeObject, ofKind, type Overlay, render, workloadsOf } from "./objects.ts";

interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Pods that operators make, by the labels that they give them. */
const OPERATED: Readonly<Record<string, Pod>> = {
  Kafka: {
    name: "kafka",
    namespace: "wattstream",
    labels: { "strimzi.io/cluster": "wattstream", "strimzi.io/broker-role": "true" },
  },
  EMQX: {
    name: "emqx",
    namespace: "wattstream",
    labels: { "app.kubernetes.io/name": "emqx", "wattstream/broker": "mqtt" },
  },
  KafkaBridge: {
    name: "kafka-http",
    namespace: "wattstream",
    labels: { "strimzi.io/cluster": "http", "strimzi.io/kind": "KafkaBridge" },
  },
};
const KAFKA_OPERATORS: Pod = {
  name: "kafka-operators",
  namespace: "wattstream",
  labels: { "strimzi.io/cluster": "wattstream", "strimzi.io/component-type": "entity-operator" },
};
/** What lives in other namespaces, or nowhere. */
const OUTSIDE: readonly Pod[] = [
  { name: "dns", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
  { name: "another of kube-system", namespace: "kube-system", labels: {} },
  {
    name: "prometheus",
    namespace: "observability",
    labels: { "app.kubernetes.io/name": "prometheus" },
  },
  { name: "grafana", namespace: "observability", labels: { "app.kubernetes.io/name": "grafana" } },
  {
    name: "collector",
    namespace: "observability",
    labels: { "app.kubernetes.io/name": "opentelemetry-collector" },
  },
  { name: "keda", namespace: "keda", labels: { "app.kubernetes.io/name": "keda-operator" } },
  { name: "emqx-operator", namespace: "emqx-operator-system", labels: {} },
  { name: "ingress", namespace: "ingress", labels: { name: "nginx-ingress-microk8s" } },
  { name: "stranger", namespace: "default", labels: { "app.kubernetes.io/name": "bridge" } },
  { name: "meter", namespace: "", labels: {} },
];
const PORTS = [
  ...[53, 443, 1883, 4318, 4370, 5370, 6443, 8080, 8081, 8082, 8083, 8084, 8883, 8884],
  ...[9090, 9091, 9092, 9093, 9094, 16443, 18083],
];

const selects = (selector: KubeObject, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
  (selector.matchExpressions ?? []).every(({ key, operator, values }: KubeObject) => {
    assert.equal(operator, "In");
    return values.includes(labels[key]);
  });

/** Whether one side of the policies of `pod` lets `other` through. */
function allows(
  policies: readonly KubeObject[],
  { side, pod, other, port }: { side: "ingress" | "egress"; pod: Pod; other: Pod; port: number },
): boolean {
  const type = side === "ingress" ? "Ingress" : "Egress";
  const bound = policies.filter(({ metadata, spec }) =>
    metadata.namespace === pod.namespace && spec.policyTypes.includes(type) &&
    selects(spec.podSelector, pod.labels)
  );
  if (bound.length === 0) return true;
  const peers = side === "ingress" ? "from" : "to";
  return bound.some(({ metadata, spec }) =>
    (spec[side] ?? []).some((rule: KubeObject) =>
      (rule.ports ?? []).some((each: KubeObject) => each.port === port) &&
      (rule[peers] === undefined ||
        rule[peers].some((peer: KubeObject) => isPeer(peer, other, metadata.namespace)))
    )
  );
}

function isPeer(peer: KubeObject, other: Pod, namespace: string): boolean {
  if (peer.ipBlock !== undefined) return peer.ipBlock.cidr === "0.0.0.0/0";
  if (other.namespace === "") return false;
  const inNamespace = peer.namespaceSelector === undefined
    ? other.namespace === namespace
    : selects(peer.namespaceSelector, { "kubernetes.io/metadata.name": other.namespace });
  return inNamespace && selects(peer.podSelector ?? {}, other.labels);
}

/** `from → to port` of every connection that is allowed. */
async function edgesOf(overlay: Overlay): Promise<string[]> {
  const objects = await render(overlay);
  const policies = ofKind(objects, "NetworkPolicy");
  const inside: Pod[] = workloadsOf(objects).map(({ metadata, spec }) => ({
    name: metadata.name,
    namespace: metadata.namespace,
    labels: spec.template.metadata.labels,
  }));
  for (const [kind, pod] of Object.entries(OPERATED)) {
    if (ofKind(objects, kind).length > 0) inside.push(pod);
  }
  if (ofKind(objects, "Kafka").length > 0) inside.push(KAFKA_OPERATORS);
  const edges: string[] = [];
  for (const from of [...inside, ...OUTSIDE]) {
    for (const to of [...inside, ...OUTSIDE]) {
      // What strangers do among themselves is not ours to say.
      if (from.namespace !== "wattstream" && to.namespace !== "wattstream") continue;
      const ports = PORTS.filter((port) =>
        allows(policies, { side: "egress", pod: from, other: to, port }) &&
        allows(policies, { side: "ingress", pod: to, other: from, port })
      );
      if (ports.length > 0) edges.push(`${from.name} → ${to.name} ${ports.join(" ")}`);
    }
  }
  return edges;
}

/** Everyone inside may ask for names. */
const dns = (...names: string[]) => names.map((name) => `${name} → dns 53`);
/** MQTT is open to whoever has a password. */
const meters = (broker: string, ...ports: number[]) =>
  OUTSIDE.map(({ name }) => `${name} → ${broker} ${ports.join(" ")}`);

const CLUSTER_EDGES = [
  ...dns(
    "bridge",
    "disaggregation",
    "emqx",
    "kafka",
    "kafka-operators",
    "kafka-ui",
    "predictions",
    "publisher",
    "training",
  ),
  "bridge → emqx 8883",
  "publisher → emqx 8883",
  ...meters("emqx", 8083 + 1, 8883).filter((edge) => !edge.startsWith("emqx-operator")),
  "emqx-operator → emqx 8084 8883 18083",
  "emqx → emqx 4370 5370",
  "bridge → kafka 9093",
  "predictions → kafka 9093",
  "training → kafka 9093",
  "disaggregation → kafka 9093",
  "publisher → kafka 9093",
  "kafka-ui → kafka 9094",
  "keda → kafka 9093",
  "prometheus → bridge 8080",
  "prometheus → predictions 8080",
  "prometheus → training 8080",
  "prometheus → disaggregation 8080",
  "prometheus → publisher 8080",
  // The operators of Kafka reach the API server, which is no pod and has any address.
  ...OUTSIDE.map(({ name }) => `kafka-operators → ${name} 443 6443 16443`)
    .filter((edge) => !edge.includes("→ dns")),
  "kafka-operators → dns 53 443 6443 16443",
].filter((edge) => edge !== "kafka-operators → dns 53");

/** It stands anywhere. */
const metersBroker = OUTSIDE.map(({ name }) =>
  `gateway → ${name} ${name === "dns" ? "53 " : ""}1883 8883`
);

const OPTIONAL_EDGES = [
  ...CLUSTER_EDGES,
  "kafka-http → kafka 9093",
  ...dns("kafka-http"),
  ...metersBroker,
  "gateway → emqx 8883",
  "prometheus → gateway 8080",
  "console → emqx 8883",
  "console → kafka 9093",
  ...dns("console"),
  ...["bridge", "predictions", "training", "disaggregation", "publisher"].map((name) =>
    `console → ${name} 8080`
  ),
  "ingress → console 8081",
  "prometheus → console 8080",
  ...["bridge", "predictions", "training", "disaggregation", "publisher"].map((name) =>
    `${name} → collector 4318`
  ),
];

const EDGE_EDGES = [
  ...dns("wattstream", "mosquitto"),
  "wattstream → mosquitto 8883",
  ...meters("mosquitto", 8883, 8884),
];

const EDGES: Readonly<Record<Overlay, readonly string[]>> = {
  microk8s: CLUSTER_EDGES,
  production: CLUSTER_EDGES,
  optional: OPTIONAL_EDGES,
  replay: OPTIONAL_EDGES,
  edge: EDGE_EDGES,
  optionalEdge: [...EDGE_EDGES, ...metersBroker, "gateway → mosquitto 8883"],
  test: [
    ...dns("bridge", "predictions", "training", "disaggregation", "publisher"),
    ...dns("simulator", "mosquitto"),
    "bridge → mosquitto 8883",
    "publisher → mosquitto 8883",
    "simulator → mosquitto 8883",
    "gateway → mosquitto 8883",
    ...metersBroker,
    ...meters("mosquitto", 8883, 8884),
  ],
};

for (const [overlay, edges] of Object.entries(EDGES)) {
  Deno.test(`the policies of ${overlay} allow the edges of the picture and nothing else`, async () => {
    assert.deepEqual((await edgesOf(overlay as Overlay)).sort(), [...edges].sort());
  });
}

Deno.test("the policies' proof sees an edge that is too much, and one that is missing", async () => {
  const policies = ofKind(await render("test"), "NetworkPolicy");
  const bridge = {
    name: "bridge",
    namespace: "wattstream",
    labels: { "app.kubernetes.io/name": "bridge" },
  };
  const other = OUTSIDE.at(-2)!;
  const ask = { side: "egress", pod: bridge, other, port: 8883 } as const;
  assert.equal(allows(policies, ask), false);
  const open = {
    metadata: { namespace: "wattstream" },
    spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ ports: [{ port: 8883 }] }] },
  };
  assert.equal(allows([...policies, open], ask), true);
  const kafka = OPERATED["Kafka"]!;
  const needed = { side: "egress", pod: bridge, other: kafka, port: 9093 } as const;
  assert.equal(allows(policies, needed), true);
  const without = policies.filter(({ metadata }) => metadata.name !== "to-kafka");
  assert.equal(allows(without, needed), false);
});
