/**
 * The definition of Strimzi's KafkaBridge for an API server, of which the folder has the schema alone:
 * that schema, with what JSON Schema says otherwise than Kubernetes.
 */
import { kubeFolder } from "../../scripts/deploy/verify/kube.ts";

const GROUP = "kafka.strimzi.io";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A CustomResourceDefinition, as JSON. */
export async function kafkaBridgeDefinition(): Promise<string> {
  const path = `${kubeFolder()}/schemas/crd/${GROUP}/kafkabridge_v1.json`;
  const { type, properties, required } = structural(
    JSON.parse(await Deno.readTextFile(path)),
  ) as { type: string; properties: Record<string, Json>; required: string[] };
  const named = { ...properties, apiVersion: { type: "string" }, kind: { type: "string" } };
  return JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `kafkabridges.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind: "KafkaBridge", plural: "kafkabridges" },
      scope: "Namespaced",
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type, properties: named, required } },
      }],
    },
  });
}

/** There an object has no other fields than its own anyway, and an alternative of types is a mark. */
function structural(value: Json): Json {
  if (Array.isArray(value)) return value.map(structural);
  if (typeof value !== "object" || value === null) return value;
  const isIntOrString = value["x-kubernetes-int-or-string"] === true;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => !(key === "additionalProperties" && each === false))
      .filter(([key]) => !(isIntOrString && key === "oneOf"))
      .map(([key, each]) => [key, structural(each)]),
  );
}
