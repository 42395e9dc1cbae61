/** What one asks of the objects of an overlay. */
import type { AclManifest, UserManifest } from "../../scripts/deploy/verify/kafka.ts";
import type { KubeObject } from "../../scripts/deploy/verify/overlays.ts";

export {
  type KubeObject,
  type Overlay,
  OVERLAYS,
  render,
} from "../../scripts/deploy/verify/overlays.ts";

export const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`;

export const ofKind = (objects: readonly KubeObject[], ...kinds: string[]): KubeObject[] =>
  objects.filter(({ kind }) => kinds.includes(kind));

/** Every single right of a KafkaUser. */
export const rightsOf = ({ spec }: UserManifest): AclManifest[] =>
  spec.authorization.acls.flatMap(({ resource, operations }) =>
    operations.map((operation) => ({ resource, operations: [operation] }))
  );

/** Deployments and StatefulSets. */
export const workloadsOf = (objects: readonly KubeObject[]): KubeObject[] =>
  ofKind(objects, "Deployment", "StatefulSet");

export interface Container {
  readonly workload: KubeObject;
  readonly container: KubeObject;
}

export const containersOf = (objects: readonly KubeObject[]): Container[] =>
  workloadsOf(objects).flatMap((workload) =>
    workload.spec.template.spec.containers.map((container: KubeObject) => ({ workload, container }))
  );

/** The variables of a container as the kubelet sets them for pod 0, secrets as their names. */
export function environmentOf(
  { workload, container }: Container,
  objects: readonly KubeObject[],
): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = ofKind(objects, "ConfigMap").find(({ metadata }) =>
      metadata.name === configMapRef.name
    );
    for (const [name, value] of Object.entries(map?.data ?? {})) variables.set(name, String(value));
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const text = value ?? valueOf(valueFrom, workload);
    variables.set(name, expand(text, variables));
  }
  return variables;
}

function valueOf({ fieldRef, secretKeyRef }: KubeObject, workload: KubeObject): string {
  if (secretKeyRef !== undefined) return `${secretKeyRef.name}.${secretKeyRef.key}`;
  const path = fieldRef.fieldPath;
  if (path === "metadata.name") return `${workload.metadata.name}-0`;
  if (path.includes("pod-index") && workload.kind === "StatefulSet") return "0";
  throw new TypeError(`${nameOf(workload)}: no value for ${path}`);
}

/** Arguments with `$(NAME)` replaced, as the kubelet does: what is not set stays as it is. */
export function argsOf(container: KubeObject, variables: ReadonlyMap<string, string>): string[] {
  return (container.args ?? []).map((arg: string) => expand(arg, variables));
}

const expand = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.replace(/\$\((\w+)\)/g, (all, name) => variables.get(name) ?? all);
