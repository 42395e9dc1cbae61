import assert from "node:assert/strict";
import { stringify } from "yaml";
import { goTool } from "./go_tool.ts";
import { run } from "../../scripts/deploy/verify/kube.ts";
import { OVERLAYS, render } from "./objects.ts";

/** A tag is never given twice, and a machine that is offline must be able to start what it has. */
const NOT_OURS = ["container-image-pull-policy"];

async function score(text: string): Promise<string[]> {
  const ignored = NOT_OURS.flatMap((test) => ["--ignore-test", test]);
  const args = ["score", "--output-format", "ci", ...ignored, "-"];
  const { stdout, stderr } = await run(await goTool("kube-score"), args, { stdin: text });
  const lines = stdout.split("\n");
  assert.ok(lines.some((line) => line.startsWith("[OK]")), stdout + stderr);
  return lines.filter((line) => line.startsWith("[CRITICAL]"));
}

const textOf = (objects: readonly unknown[]) =>
  objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");

Deno.test("kube-score finds nothing critical in any overlay", async () => {
  for (const overlay of OVERLAYS) assert.deepEqual(await score(textOf(await render(overlay))), []);
});

Deno.test("kube-score finds a container that may write its own files", async () => {
  const objects = await render("test");
  const training = objects.find(({ kind, metadata }) =>
    kind === "StatefulSet" && metadata.name === "training"
  );
  training.spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem = false;
  assert.match((await score(textOf(objects))).join("\n"), /writable root filesystem/);
});
