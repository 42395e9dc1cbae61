/** The overlays of `deploy/`, rendered by kubectl as users do. */
import { parseAllDocuments } from "yaml";
import { ROOT } from "../../build/program.ts";
import { kubectlPath, must } from "./kube.ts";

const FOLDERS = {
  microk8s: "deploy/overlays/microk8s",
  production: "deploy/overlays/production",
  edge: "deploy/overlays/edge",
  test: "deploy/overlays/test",
  /** With the components that no overlay takes by itself. */
  optional: "tests/deploy/optional",
  /** The same with a console that may replay dead letters. */
  replay: "tests/deploy/replay",
  optionalEdge: "tests/deploy/optional_edge",
} as const;
export type Overlay = keyof typeof FOLDERS;
export const OVERLAYS = Object.keys(FOLDERS) as Overlay[];

/** Any object of Kubernetes; what is in it depends on its kind. */
// deno-lint-ignore no-explicit-any -- the schemas are the API server's, which checks them.
export type KubeObject = any;

const rendered = new Map<Overlay, Promise<string>>();

/** `kubectl kustomize`: objects of the caller's own, who may change them. */
export async function render(overlay: Overlay): Promise<KubeObject[]> {
  const text = rendered.get(overlay) ?? renderText(overlay);
  rendered.set(overlay, text);
  return parseAllDocuments(await text).map((document) => document.toJS());
}

/** The same as text, for kubectl. */
export async function renderText(overlay: Overlay): Promise<string> {
  return await must(await kubectlPath(), ["kustomize", `${ROOT}${FOLDERS[overlay]}`]);
}
