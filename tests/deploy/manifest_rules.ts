/** What must hold of the objects of an overlay and no API server checks. Each rule lists what breaks it. */
import type { z } from "zod";
import { messageOf } from "../../shared/errors.ts";
import { describeOptions, parseConfig } from "../../shared/service/config.ts";
import { bridgeConfig } from "../../workers/bridge/config.ts";
import { consoleConfig } from "../../workers/console/config.ts";
import { disaggregationConfig } from "../../workers/disaggregation/config.ts";
import { gatewayConfig } from "../../workers/gateway/config.ts";
import { predictionsConfig } from "../../workers/predictions/config.ts";
import { publisherConfig } from "../../workers/publisher/config.ts";
import { simulatorConfig } from "../../workers/simulator/config.ts";
import { trainingConfig } from "../../workers/training/config.ts";
import {
  argsOf,
  type Container,
  containersOf,
  environmentOf,
  type KubeObject,
  nameOf,
  ofKind,
  workloadsOf,
} from "./objects.ts";

type Rule = (objects: readonly KubeObject[]) => string[];

const SCHEMAS: Readonly<Record<string, z.ZodObject>> = {
  gateway: gatewayConfig,
  bridge: bridgeConfig,
  predictions: predictionsConfig,
  training: trainingConfig,
  disaggregation: disaggregationConfig,
  publisher: publisherConfig,
  console: consoleConfig,
  simulator: simulatorConfig,
};

/** Secrets that a person makes (deploy/README.md), with their keys. */
const SECRETS_BY_HAND: Readonly<Record<string, readonly string[]>> = {
  "mqtt-user-bridge": ["password", "client-secret"],
  "mqtt-user-publisher": ["password"],
  "mqtt-user-simulator": ["password"],
  "mqtt-passwords": ["passwords"],
  "gateway-households": ["households.yaml", "mqtt-password"],
  "emqx-api-key": ["key", "secret"],
};
/** In the suite's cluster, where no Strimzi is. */
const SECRETS_OF_THE_SUITE: Readonly<Record<string, readonly string[]>> = {
  "kafka-user-bridge": ["password"],
  "kafka-user-predictions": ["password"],
  "kafka-user-training": ["password"],
  "kafka-user-disaggregation": ["password"],
  "kafka-user-publisher": ["password"],
  "wattstream-cluster-ca-cert": ["ca.crt"],
};

const isWorker = ({ container }: Container) => Object.hasOwn(SCHEMAS, container.name);
const labelOf = ({ workload, container }: Container) => `${nameOf(workload)}/${container.name}`;

/** Flags and variables are those of the worker, and it would start with them. */
const settings: Rule = (objects) =>
  containersOf(objects).filter(isWorker).flatMap((place) => {
    const variables = environmentOf(place, objects);
    const schema = SCHEMAS[place.container.name]!;
    const unknown = [...variables.keys()].filter((name) =>
      name.startsWith("WATTSTREAM_") && !knownVariables(schema).has(name)
    ).map((name) => `${labelOf(place)}: there is no variable ${name}`);
    const source = {
      args: argsOf(place.container, variables),
      env: (name: string) => variables.get(name),
    };
    try {
      parseConfig(schema, source);
      return unknown;
    } catch (error) {
      return [...unknown, `${labelOf(place)}: ${messageOf(error)}`];
    }
  });

/** Files that a worker is told to read are mounted, and its permissions let it. */
const files: Rule = (objects) =>
  containersOf(objects).filter(isWorker).flatMap((place) => {
    const variables = environmentOf(place, objects);
    const mounted = mountedFiles(place);
    return [...variables].filter(([name]) => /_(FILE|CA|CERT|KEY|HOUSEHOLDS)$/.test(name))
      .filter(([, path]) => !mounted.has(path))
      .map(([name, path]) => `${labelOf(place)}: ${name}=${path} is not mounted`);
  });

/** Probes ask a port that the container has, and that the worker serves its health on. */
const probes: Rule = (objects) =>
  containersOf(objects).flatMap((place) => {
    const { container } = place;
    const ports: KubeObject[] = container.ports ?? [];
    const served = environmentOf(place, objects).get("WATTSTREAM_HTTP")?.split(":").at(-1);
    return ["startupProbe", "livenessProbe", "readinessProbe"].flatMap((name) => {
      const { port } = container[name]?.httpGet ?? container[name]?.tcpSocket ?? {};
      if (port === undefined) return [];
      const found = ports.find((each) => each.name === port || each.containerPort === port);
      if (found === undefined) {
        return [`${labelOf(place)}: ${name} asks port ${port}: there is none`];
      }
      if (!isWorker(place) || `${found.containerPort}` === served) return [];
      return [`${labelOf(place)}: ${name} asks port ${found.containerPort}, not ${served}`];
    });
  });

/** A Secret or ConfigMap that is named is made by someone, with that key. */
const references: Rule = (objects) => {
  const isSuite = ofKind(objects, "Kafka").length === 0;
  const secrets: Record<string, readonly string[]> = {
    ...SECRETS_BY_HAND,
    ...(isSuite ? SECRETS_OF_THE_SUITE : {}),
  };
  for (const { metadata, spec } of ofKind(objects, "KafkaUser")) {
    secrets[`kafka-user-${metadata.name}`] = spec.authentication.type === "tls"
      ? ["ca.crt", "user.crt", "user.key", "user.p12", "user.password"]
      : ["password", "sasl.jaas.config"];
  }
  for (const { metadata } of ofKind(objects, "Kafka")) {
    secrets[`${metadata.name}-cluster-ca-cert`] = ["ca.crt", "ca.p12", "ca.password"];
  }
  for (const { spec } of ofKind(objects, "Certificate")) {
    secrets[spec.secretName] = ["tls.crt", "tls.key", "ca.crt"];
  }
  const maps = new Map(ofKind(objects, "ConfigMap").map((each) => [each.metadata.name, each]));
  const problems: string[] = [];
  const need = (place: string, name: string, key: string | undefined) => {
    const keys = secrets[name];
    if (keys === undefined) problems.push(`${place}: nobody makes the Secret ${name}`);
    else if (key !== undefined && !keys.includes(key)) {
      problems.push(`${place}: the Secret ${name} has no ${key} (${keys.join(", ")})`);
    }
  };
  for (const place of containersOf(objects)) {
    const label = labelOf(place);
    for (const { configMapRef } of place.container.envFrom ?? []) {
      if (!maps.has(configMapRef.name)) {
        problems.push(`${label}: no ConfigMap ${configMapRef.name}`);
      }
    }
    for (const { valueFrom } of place.container.env ?? []) {
      const ref = valueFrom?.secretKeyRef;
      if (ref !== undefined) need(label, ref.name, ref.key);
    }
  }
  for (const workload of workloadsOf(objects)) {
    for (const volume of workload.spec.template.spec.volumes ?? []) {
      for (const { secret, configMap } of volume.projected?.sources ?? [volume]) {
        if (configMap !== undefined && !maps.has(configMap.name)) {
          problems.push(`${nameOf(workload)}: no ConfigMap ${configMap.name}`);
        }
        for (const { key } of secret?.items ?? []) {
          need(nameOf(workload), secret.name ?? secret.secretName, key);
        }
      }
    }
  }
  for (const auth of ofKind(objects, "TriggerAuthentication")) {
    for (const { name, key } of auth.spec.secretTargetRef) need(nameOf(auth), name, key);
    for (const { name, key } of auth.spec.configMapTargetRef ?? []) {
      if (maps.get(name)?.data[key] === undefined) {
        problems.push(`${nameOf(auth)}: no ${key} in ${name}`);
      }
    }
  }
  return problems;
};

/** Services and budgets select pods that there are, by a port that those have. */
const selectors: Rule = (objects) => {
  const pods = workloadsOf(objects);
  const selected = (labels: Record<string, string>) =>
    pods.filter(({ spec }) =>
      Object.entries(labels).every(([key, value]) => spec.template.metadata.labels[key] === value)
    );
  const services = ofKind(objects, "Service").flatMap((service) => {
    const found = selected(service.spec.selector);
    if (found.length === 0) return [`${nameOf(service)} selects no pod`];
    const names = found.flatMap(({ spec }) => spec.template.spec.containers)
      .flatMap(({ ports = [] }: KubeObject) => ports.map(({ name }: KubeObject) => name));
    return service.spec.ports.filter(({ targetPort }: KubeObject) => !names.includes(targetPort))
      .map(({ targetPort }: KubeObject) => `${nameOf(service)}: no pod has a port ${targetPort}`);
  });
  const budgets = ofKind(objects, "PodDisruptionBudget")
    .filter(({ spec }) => selected(spec.selector.matchLabels).length === 0)
    .map((budget) => `${nameOf(budget)} selects no pod`);
  const headless = ofKind(objects, "StatefulSet").filter(({ spec }) =>
    !ofKind(objects, "Service").some((service) =>
      service.metadata.name === spec.serviceName && service.spec.clusterIP === "None"
    )
  ).map((set) => `${nameOf(set)}: there is no headless Service ${set.spec.serviceName}`);
  return [...services, ...budgets, ...headless];
};

/** Every bridge knows how many there are. */
const bridges: Rule = (objects) =>
  ofKind(objects, "StatefulSet").filter(({ metadata }) => metadata.name === "bridge")
    .filter(({ spec }) => {
      const { env } = spec.template.spec.containers[0];
      const count = env.find(({ name }: KubeObject) => name === "BRIDGE_COUNT").value;
      return count !== `${spec.replicas}`;
    }).map((set) => `${nameOf(set)}: BRIDGE_COUNT must be its replicas, ${set.spec.replicas}`);

const RULES = { settings, files, probes, references, selectors, bridges };

/** Everything that is wrong. */
export function problemsOf(objects: readonly KubeObject[]): string[] {
  return Object.values(RULES).flatMap((rule) => rule(objects));
}

function knownVariables(schema: z.ZodObject): Set<string> {
  return new Set(describeOptions(schema).map(({ variable }) => variable));
}

/** Paths of the files that a container gets from Secrets. */
function mountedFiles({ workload, container }: Container): Set<string> {
  const paths = new Set<string>();
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = workload.spec.template.spec.volumes?.find((each: KubeObject) =>
      each.name === name
    );
    for (const { secret } of volume?.projected?.sources ?? []) {
      for (const { path } of secret?.items ?? []) paths.add(`${mountPath}/${path}`);
    }
  }
  return paths;
}
