/** Every object against the schema of its kind, strictly and without a cluster, by kubeconform. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { kubeFolder, run } from "../../scripts/deploy/verify/kube.ts";
import { goTool } from "./go_tool.ts";
import { type KubeObject, OVERLAYS, render } from "./objects.ts";

async function conform(objects: readonly KubeObject[]): Promise<{ code: number; said: string }> {
  const schemas = `${kubeFolder()}/schemas`;
  const text = objects.map((object) => stringify(object, { aliasDuplicateObjects: false }));
  const { code, stdout, stderr } = await run(await goTool("kubeconform"), [
    ...["-strict", "-summary"],
    ...["-schema-location", `${schemas}/k8s-v1.37.2/{{.ResourceKind}}{{.KindSuffix}}.json`],
    "-schema-location",
    `${schemas}/crd/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json`,
  ], { stdin: text.join("---\n") });
  return { code, said: stdout + stderr };
}

Deno.test("kubeconform finds every object of every overlay right", async () => {
  for (const overlay of OVERLAYS) {
    const objects = await render(overlay);
    const { code, said } = await conform(objects);
    assert.equal(code, 0, `${overlay}: ${said}`);
    const valid = `Valid: ${objects.length}, Invalid: 0, Errors: 0, Skipped: 0`;
    assert.ok(said.includes(valid), `${overlay}: ${said}`);
  }
});

Deno.test("kubeconform refuses a field that there is not, of ours and of an operator's kind", async () => {
  for (const [overlay, kind] of [["edge", "StatefulSet"], ["microk8s", "KafkaTopic"]] as const) {
    const objects = await render(overlay);
    objects.find((object) => object.kind === kind).spec.replica = 1;
    const { code, said } = await conform(objects);
    assert.equal(code, 1);
    assert.match(said, /additional properties 'replica' not allowed/);
  }
});
