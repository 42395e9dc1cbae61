/** `deno task test` itself, on machines with less than it needs. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../test.ts", import.meta.url));

async function runWith(path: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", SCRIPT, ...args],
    env: { PATH: path, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, output: `${decoder.decode(stdout)}${decoder.decode(stderr)}` };
}

Deno.test("deno task test says in one line what is missing, and runs nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, output } = await runWith(folder, "shared/pause_test.ts");
    assert.equal(code, 1);
    assert.match(
      output,
      /^test: Install what the tests need on this system: .*kcat.*; no test has run\n$/,
    );
    await Deno.writeTextFile(`${folder}/apt-get`, "", { mode: 0o755 });
    const debian = await runWith(folder, "shared/pause_test.ts");
    assert.equal(debian.code, 1);
    assert.match(
      debian.output,
      /^test: Install what is missing \(.*kcat.* sudo apt-get install .*\n$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deno task test runs the files that are named, with the flags that are handed on", async () => {
  const path = Deno.env.get("PATH")!;
  const passing = await runWith(path, "shared/pause_test", "--", "--no-check");
  assert.equal(passing.code, 0, passing.output);
  assert.match(passing.output, /^\.\/shared\/pause_test\.ts => /m);
  assert.doesNotMatch(passing.output, /^(?!\.\/shared\/pause_test\.ts)\S+ => /m);
  assert.match(passing.output, /ok \| [1-9]\d* passed \| 0 failed/);
  const none = await runWith(path, "shared/pause_test", "--", "--no-check", "--filter", "nothing");
  assert.match(none.output, /0 passed \| 0 failed/);
  const unknown = await runWith(path, "no_such_file");
  assert.equal(unknown.code, 2);
  assert.match(unknown.output, /^test: .*there is none with no_such_file; no test has run\n$/);
});
