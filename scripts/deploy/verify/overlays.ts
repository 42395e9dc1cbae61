/** The overlays of `deploy/`, rendered by kubectl as users do. */
import { parseAllDocuments } from "yaml";
import { ROOT } from "../../build/program.ts";
import { kubectlPath, must } from "./kube.ts";

export const OVERLAYS = ["microk8s", "production", "edge", "test"] as const;
export type Overlay = typeof OVERLAYS[number];

/** Any object of Kubernetes; what is in it depends on its kind. */
// deno-lint-ignore no-explicit-any -- the schemas are the API server's, which checks them.
export type KubeObject = any;

const rendered = new Map<Overlay, Promise<string>>();

/** `kubectl kustomize deploy/overlays/…`: objects of the caller's own, who may change them. */
export async function render(overlay: Overlay): Promise<KubeObject[]> {
  const text = rendered.get(overlay) ?? renderText(overlay);
  rendered.set(overlay, text);
  return parseAllDocuments(await text).map((document) => document.toJS());
}

/** The same as text, for kubectl. */
export async function renderText(overlay: Overlay): Promise<string> {
  return await must(await kubectlPath(), ["kustomize", `${ROOT}deploy/overlays/${overlay}`]);
}
