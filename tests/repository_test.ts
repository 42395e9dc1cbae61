/** The rules of the tree hold, and each can be broken: an example of each is refused. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { WORKERS } from "../scripts/build/program.ts";
import { ENGINE_FLAGS } from "../shared/service/engine_flags.ts";
import { permissionFlags } from "../shared/service/permissions.ts";
import { RULES } from "./repository/rules.ts";
import { root, sourcesBelow } from "./repository/sources.ts";

const sources = await sourcesBelow("shared", "workers", "scripts", "tests");

/** Fails with every offender at once. */
function assertNone(offenders: readonly string[], advice: string): void {
  assert.deepEqual(offenders, [], advice);
}

for (const { title, advice, offendersIn } of RULES) {
  Deno.test(title, () => assertNone(offendersIn(sources), advice));
}

const SENTENCE = "/** A planted example. */\n";
const TEST = "tests/planted_test.ts";

/** Files that break a rule, by the rule's title. */
const PLANTED: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  "a room imports from itself and from the floors below": [
    { "workers/bridge/planted.ts": `import "../training/core.ts";` },
    { "shared/log/planted.ts": `import "./kafka/kafka_log.ts";` },
    { "shared/log/kafka/records/planted.ts": `import "../group/membership.ts";` },
    { "shared/oracle/planted.ts": `import "../stream/stream_time.ts";` },
    { "shared/stream/planted.ts": `import "../../workers/bridge/share.ts";` },
    { "workers/bridge/planted.ts": `await import("../../scripts/topics.ts");` },
    { "attic/planted.ts": "" },
  ],
  "what is there for tests is imported by tests alone": [
    { "workers/bridge/planted.ts": `import "../../shared/testing/input_log.ts";` },
    { "scripts/planted.ts": `import "../shared/testing/input_log.ts";` },
    { "workers/bridge/planted.ts": `import "./testing/intake_setup.ts";` },
  ],
  "a test's set-up does not lie among the product's files": [
    { "workers/bridge/planted_setup.ts": "" },
    { "shared/log/planted.ts": "", [TEST]: `import "../shared/log/planted.ts";` },
    { "shared/log/planted.ts": `import assert from "node:assert/strict";` },
  ],
  "shared/events.ts imports only zod": [
    { "shared/events.ts": `import { z } from "zod";\nimport { x } from "ajv";` },
  ],
  "clock and dice are parameters but in main.ts, scripts and tests": [
    { "workers/bridge/planted.ts": "const startMs = Date.now();" },
    { "shared/stream/planted.ts": "const random = Math.random;" },
  ],
  "Deno.exit and Deno.env stand in main.ts, scripts and tests alone": [
    { "workers/bridge/planted.ts": "Deno.exit(1);" },
    { "shared/log/planted.ts": `Deno.env.get("HOME");` },
  ],
  "what is printed goes through the doors to the terminal": [
    { "scripts/planted.ts": `console.log("here");` },
    { "workers/bridge/planted.ts": `await Deno.stderr.write(bytes);` },
    { "scripts/planted.ts": `process.stdout.write(text);` },
  ],
  "no file is longer than what one reads at a sitting": [
    { "workers/bridge/planted.ts": "\n".repeat(300) },
    { [TEST]: "\n".repeat(350) },
  ],
  "a file begins with what it is for": [
    { "workers/bridge/planted.ts": `\n${SENTENCE}` },
  ],
};

Deno.test("each rule refuses what breaks it, and nothing else does", () => {
  assert.deepEqual(Object.keys(PLANTED).sort(), RULES.map(({ title }) => title).sort());
  for (const [title, examples] of Object.entries(PLANTED)) {
    for (const files of examples) {
      const isWithSentence = title !== "a file begins with what it is for";
      const planted = Object.entries(files)
        .map(([path, text]) => ({ path, text: `${isWithSentence ? SENTENCE : ""}${text}\n` }));
      const broken = RULES.filter(({ offendersIn }) => offendersIn(planted).length > 0);
      assert.deepEqual(broken.map((rule) => rule.title), [title], JSON.stringify(files));
    }
  }
});

Deno.test("deno.json names lint rules that exist", async () => {
  const config = JSON.parse(await readFile(join(root, "deno.json"), "utf8"));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["lint", "--rules", "--json"],
  })
    .output();
  const { rules } = JSON.parse(new TextDecoder().decode(stdout)) as { rules: { code: string }[] };
  const codes = new Set(rules.map(({ code }) => code));
  const unknown = (config.lint.rules.include as string[]).filter((rule) => !codes.has(rule));
  assertNone(unknown, "Deno takes an unknown rule without a word: see deno lint --rules");
});

Deno.test("deno.json starts the workers between brokers and log with the engine's flags", async () => {
  const { tasks } = JSON.parse(await readFile(join(root, "deno.json"), "utf8"));
  const commands = ["bridge", "predictions", "training"].map((name) => tasks[name].command);
  const offenders = commands.filter((command) => !command.includes(ENGINE_FLAGS));
  assertNone(offenders, `Add ${ENGINE_FLAGS}`);
});

Deno.test("deno.json starts every worker with the permissions of its binary, in any folder", async () => {
  const { tasks } = JSON.parse(await readFile(join(root, "deno.json"), "utf8"));
  const flags = permissionFlags().map((flag) => /[*,]/.test(flag) ? `'${flag}'` : flag).join(" ");
  const offenders = WORKERS.map((name) => tasks[name].command)
    .filter((command) => !command.startsWith(`deno run ${flags} `));
  assertNone(offenders, `Write deno run ${flags} …`);
});

Deno.test("members of the workspace repeat no version", async () => {
  const config = JSON.parse(await readFile(join(root, "deno.json"), "utf8"));
  for (const member of config.workspace as string[]) {
    const own = JSON.parse(await readFile(join(root, member, "deno.json"), "utf8"));
    assert.equal(own.imports, undefined, `${member}/deno.json: dependencies stand in deno.json`);
  }
  for (const [name, specifier] of Object.entries(config.imports as Record<string, string>)) {
    assert.match(specifier, /@\d+\.\d+\.\d+$/, `${name}: pin the exact version`);
  }
});
