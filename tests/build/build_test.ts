/**
 * What `deno task build` makes. The runtime of a binary is downloaded by Deno; where that cannot be
 * (as on a machine with package registries only), the binaries here are made with Deno itself in its
 * place: they hold what a real one holds, and do not run. What they hold is run as a bundle instead.
 */
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { ENGINE_FLAGS } from "../../shared/service/engine_flags.ts";
import { INSTALLED_FOLDERS, permissionFlags } from "../../shared/service/permissions.ts";
import { PROGRAMS, ROOT, TARGETS } from "../../scripts/build/program.ts";
import { readVersion } from "../../scripts/build/version.ts";

async function run(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const output = await new Deno.Command(command, { args: [...args], env, cwd: ROOT }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((b) => new TextDecoder().decode(b));
  return { code: output.code, stdout: stdout!, stderr: stderr! };
}

const build = (args: readonly string[], env: Record<string, string>) =>
  run(Deno.execPath(), ["run", "-A", "--quiet", `${ROOT}scripts/build.ts`, ...args], env);

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${tmpdir()}/wattstream-build-test-`);
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A bundle, run with what its binary is compiled with and nothing else of this machine's Deno. */
const runBundle = (path: string, args: readonly string[]) =>
  run(Deno.execPath(), [
    ...["run", "--quiet", "--no-config", "--no-remote", "--no-npm", "--cached-only", ENGINE_FLAGS],
    ...permissionFlags(INSTALLED_FOLDERS),
    ...[path, ...args],
  ]);

Deno.test("build makes a bundle of every program that runs by itself and knows its version", async () => {
  await withFolder(async (folder) => {
    const { code, stderr } = await build(["--bundles-only", "--out", folder], {});
    assert.equal(code, 0, stderr);
    const { text } = await readVersion();
    for (const program of PROGRAMS) {
      const bundle = `${folder}/bundle/${program}.js`;
      const version = await runBundle(bundle, ["--version"]);
      assert.equal(version.stdout, `${program} ${text}\n`, version.stderr);
      const help = await runBundle(bundle, ["--help"]);
      assert.equal(help.code, 0, help.stderr);
      assert.match(help.stdout, program === "wattstream" ? /dead-letters/ : /--http VALUE/);
    }
    // Loads the Kafka client, whose WebAssembly is in the bundle: nobody answers at this port.
    const kafka = `${folder}/bundle/wattstream.js`;
    const list = await runBundle(kafka, ["topics", "list", "--log", "kafka://127.0.0.1:9"]);
    assert.equal(list.code, 1);
    assert.match(list.stderr, /^topics list: .*127\.0\.0\.1:9/);
    const dev = await runBundle(kafka, ["dev"]);
    assert.equal(dev.code, 2);
    assert.match(dev.stderr, /may start no other program[^]*deno@2\.\d+\.\d+ task dev/);
  });
});

Deno.test("build makes binaries with the worker's permissions, their checksums and their bill", async () => {
  await withFolder(async (folder) => {
    const args = ["--worker", "predictions", "--out", folder];
    const { code, stderr } = await build(args, { DENORT_BIN: Deno.execPath() });
    assert.equal(code, 0, stderr);
    const bundle = await readFile(`${folder}/bundle/predictions.js`);
    for (const target of TARGETS) {
      const binary = await readFile(`${folder}/${target}/predictions`);
      assert.ok(binary.includes(bundle), `${target}: the bundle is not in it`);
      const { permissions, v8_flags } = metadataOf(binary);
      assert.deepEqual(permissions.allow_read, INSTALLED_FOLDERS.read);
      assert.deepEqual(permissions.allow_write, INSTALLED_FOLDERS.write);
      assert.deepEqual(permissions.allow_env, ["WATTSTREAM_*"]);
      assert.deepEqual(permissions.allow_net, []); // all
      for (const none of ["allow_run", "allow_ffi", "allow_sys"]) {
        assert.equal(permissions[none], null, none);
      }
      assert.equal(permissions.prompt, false);
      assert.ok(
        ENGINE_FLAGS.split("=").slice(1).join("=").split(",").every((flag) =>
          v8_flags.includes(flag)
        ),
        v8_flags.join(" "),
      );
    }
    const sums = await run("sh", ["-c", `cd ${folder} && sha256sum --strict --check SHA256SUMS`]);
    assert.equal(sums.code, 0, sums.stdout + sums.stderr);
    assert.equal(sums.stdout.match(/: OK$/gm)?.length, 1 + TARGETS.length + 1);
  });
});

Deno.test("build says in one line what to do where the runtime cannot be downloaded", async () => {
  await withFolder(async (folder) => {
    const args = ["--worker", "simulator", "--target", TARGETS[1], "--out", folder];
    const away = "http://127.0.0.1:9";
    const { code, stderr } = await build(args, { HTTPS_PROXY: away, HTTP_PROXY: away });
    assert.equal(code, 1);
    assert.match(stderr, /^build: Set DENORT_BIN to the file denort of Deno .* for aarch64-.*\n$/);
  });
});

/** What Deno writes into a binary about how to run it. */
function metadataOf(binary: Buffer): {
  readonly permissions: Record<string, unknown>;
  readonly v8_flags: readonly string[];
} {
  const start = binary.indexOf('{"argv":');
  const text = binary.toString("utf8", start, start + 20_000);
  const [json] = /^\{"argv":.*?"app_name":"[^"]*"\}/s.exec(text) ?? [];
  assert.ok(json !== undefined, "the binary has no metadata");
  return JSON.parse(json);
}
