/** What a release is made by: workflows that a linter takes, actions and base images that cannot change. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { PROGRAMS, ROOT } from "../../scripts/build/program.ts";
import { run } from "../../scripts/deploy/verify/kube.ts";
import { goTool } from "../deploy/go_tool.ts";

const WORKFLOWS = `${ROOT}.github/workflows`;

async function workflows(): Promise<{ readonly path: string; readonly text: string }[]> {
  const names = await readdir(WORKFLOWS);
  return await Promise.all(names.map(async (name) => {
    const path = `${WORKFLOWS}/${name}`;
    return { path, text: await readFile(path, "utf8") };
  }));
}

Deno.test("actionlint finds nothing in the workflows, and would", async () => {
  const actionlint = await goTool("actionlint");
  const paths = (await workflows()).map(({ path }) => path);
  const { code, stdout } = await run(actionlint, paths);
  assert.equal(code, 0, stdout);
  const wrong = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    stepps: []\n";
  const refused = await run(actionlint, ["-"], { stdin: wrong });
  assert.match(refused.stdout, /unexpected key "stepps"/);
});

Deno.test("workflows use actions by commit, and give no more than each job needs", async () => {
  for (const { path, text } of await workflows()) {
    for (const [, action] of text.matchAll(/uses: (\S+)/g)) {
      assert.match(action!, /@[0-9a-f]{40}$/, `${path}: pin ${action} by its commit`);
    }
    assert.match(text, /^permissions:\n {2}contents: read$/m, path);
  }
});

Deno.test("the workflows and the Dockerfile use the Deno that this is, and build every program", async () => {
  const version = Deno.version.deno;
  for (const { path, text } of await workflows()) {
    assert.match(text, new RegExp(`deno@${version.replaceAll(".", "\\.")}$`, "m"), path);
  }
  const release = await readFile(`${WORKFLOWS}/release.yml`, "utf8");
  assert.ok(release.includes(`program: [${PROGRAMS.join(", ")}]`));
  const check = await readFile(`${WORKFLOWS}/check.yml`, "utf8");
  assert.ok(check.includes(`for program in ${PROGRAMS.join(" ")}; do`));
  const dockerfile = await readFile(`${ROOT}deploy/Dockerfile`, "utf8");
  assert.ok(dockerfile.includes(`/deno:${version}@sha256:`));
});

Deno.test("the Dockerfile's base images are pinned, its user has no rights, and it says how it is", async () => {
  const text = await readFile(`${ROOT}deploy/Dockerfile`, "utf8");
  const images = [...text.matchAll(/^FROM (?:--\S+ )?(\S+)/gm)].map(([, image]) => image!);
  assert.equal(images.length, 2);
  for (const image of images) assert.match(image, /@sha256:[0-9a-f]{64}$/);
  const last = text.slice(text.lastIndexOf("\nFROM "));
  assert.match(last, /^USER 65532:65532$/m);
  assert.match(last, /^HEALTHCHECK .*"--check-health"\]$/m);
  assert.doesNotMatch(last, /^RUN /m);
});
