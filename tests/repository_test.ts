/** The rules of the tree that a program can check. Each message says what to do instead. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";
import { ENGINE_FLAGS } from "../shared/service/engine_flags.ts";

const root = new URL("..", import.meta.url).pathname;
/** Tests may be a little longer: a table of cases is read from the top. */
const LINES_MAX = { source: 300, test: 350 };

interface Source {
  readonly path: string;
  readonly text: string;
}

async function sourcesBelow(...folders: string[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const folder of folders) {
    for (const entry of await readdir(join(root, folder), { recursive: true })) {
      if (!entry.endsWith(".ts") || entry.includes("node_modules")) continue;
      const path = join(folder, entry);
      sources.push({ path, text: await readFile(join(root, path), "utf8") });
    }
  }
  return sources;
}

/** What a file imports of the repository, as paths from its root. */
function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)]
    .map(([, specifier]) => relative(".", normalize(join(dirname(path), specifier!))));
}

const isTest = (path: string) =>
  path.endsWith("_test.ts") || /(^tests|\/testdata|\/testing)\//.test(path);
const sources = await sourcesBelow("shared", "workers", "scripts", "tests");

/** Fails with every offender at once. */
function assertNone(offenders: readonly string[], rule: string): void {
  assert.deepEqual(offenders, [], rule);
}

Deno.test("a worker imports itself and shared, never another worker", () => {
  const offenders = sources.filter(({ path }) => path.startsWith("workers/") && !isTest(path))
    .flatMap((source) => {
      const own = source.path.split("/").slice(0, 2).join("/") + "/";
      return importsOf(source)
        .filter((path) => !path.startsWith(own) && !path.startsWith("shared/"))
        .map((path) => `${source.path} imports ${path}`);
    });
  assertNone(offenders, "Move what both workers need to shared/");
});

Deno.test("shared imports nothing of workers or scripts", () => {
  const offenders = sources.filter(({ path }) => path.startsWith("shared/") && !isTest(path))
    .flatMap((source) =>
      importsOf(source).filter((path) => !path.startsWith("shared/"))
        .map((path) => `${source.path} imports ${path}`)
    );
  assertNone(offenders, "Imports point one way: worker → shared");
});

Deno.test("shared/events.ts imports only zod", () => {
  const events = sources.find(({ path }) => path === "shared/events.ts")!;
  const imported = [...events.text.matchAll(/from "([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(imported, ["zod"]);
});

Deno.test("what tests share is imported by tests alone", () => {
  const offenders = sources.filter(({ path }) => !isTest(path)).flatMap((source) =>
    importsOf(source).filter((path) => isTest(path))
      .map((path) => `${source.path} imports ${path}`)
  );
  assertNone(offenders, "What a program needs belongs to shared/, not to a testing/ folder");
});

Deno.test("the oracle imports nothing of the runtime", () => {
  const offenders = sources.filter(({ path }) => path.startsWith("shared/oracle/"))
    .filter(({ path }) => !isTest(path))
    .flatMap((source) =>
      importsOf(source).filter((path) => path.startsWith("shared/stream/"))
        .map((path) => `${source.path} imports ${path}`)
    );
  assertNone(offenders, "The oracle shares no code with what it judges");
});

Deno.test("clock and dice are parameters but in main.ts, scripts and tests", () => {
  const allowed = (path: string) =>
    isTest(path) || path.endsWith("/main.ts") || path.startsWith("scripts/") ||
    path.startsWith("shared/services/") || path === "shared/log/open.ts" ||
    path.startsWith("shared/service/");
  const offenders = sources.filter(({ path }) => !allowed(path))
    .filter(({ text }) => /\b(Date\.now|Math\.random)\b(?! *,? *\*\/)/.test(withoutComments(text)))
    .map(({ path }) => path);
  assertNone(offenders, "Take nowMs or random as a parameter");
});

Deno.test("Deno.exit and Deno.env stand in main.ts, scripts and tests alone", () => {
  const offenders = sources
    .filter(({ path }) => !isTest(path) && !path.endsWith("/main.ts"))
    .filter(({ path }) => !path.startsWith("scripts/") && !path.startsWith("shared/services/"))
    .filter(({ text }) => /\bDeno\.(exit|env)\b/.test(withoutComments(text)))
    .map(({ path }) => path);
  assertNone(offenders, "Return an exit code; take a reader of the environment");
});

Deno.test("no file is longer than what one reads at a sitting", () => {
  const offenders = sources.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ path, lines }) => lines > (isTest(path) ? LINES_MAX.test : LINES_MAX.source))
    .map(({ path, lines }) => `${path} has ${lines}`);
  assertNone(offenders, "Split it by state or by concern");
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

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
