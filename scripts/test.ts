/** `deno task test`: the suite, or some of its files, once the machine has what they run against. */
import { hasCode, messageOf } from "../shared/errors.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { testConfig } from "./test/config.ts";
import { testFiles } from "./test/files.ts";
import { systemMachine } from "./test/machine.ts";
import { KUBERNETES_NEEDS, NEEDS } from "./test/needs.ts";
import { provide } from "./test/provide.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** Tests of what only whoever has it can name; run by name, they say so. */
const OPTIONAL_TESTS = [
  {
    path: "tests/deploy/",
    variable: "WATTSTREAM_KUBE",
    value: "a folder with apiserver-up.sh",
  },
  {
    path: "tests/integration/home_assistant_test.ts",
    variable: "WATTSTREAM_HOME_ASSISTANT",
    value: "install, or a virtual environment that has it",
  },
];

/** Files side by side: most of the time they wait. */
const JOBS = "3";

async function main(): Promise<number> {
  const own = Deno.args.indexOf("--") === -1 ? Deno.args.length : Deno.args.indexOf("--");
  const parsed = parseOrExplain({
    name: "test",
    summary: "runs the tests: all of them, or those whose path contains one of the names",
    usage: "[NAME…] [flags] [-- FLAGS of deno test]",
    config: testConfig,
    positionals: true,
  }, { args: Deno.args.slice(0, own), env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  try {
    const files = await testFiles(ROOT, parsed.positionals);
    await provide(systemMachine(), {
      mayInstall: parsed.config.install,
      report: print,
      needs: [...NEEDS, ...KUBERNETES_NEEDS],
    });
    return await runTests(files, Deno.args.slice(own + 1));
  } catch (error) {
    printError(`test: ${messageOf(error)}; no test has run`);
    return hasCode(error, "config") ? 2 : 1;
  }
}

async function runTests(files: readonly string[], flags: readonly string[]): Promise<number> {
  // Ctrl-C goes to both: this process ends with the other.
  const ignore = () => {};
  Deno.addSignalListener("SIGINT", ignore);
  const left = files.length > 0
    ? []
    : OPTIONAL_TESTS.filter(({ variable }) => (Deno.env.get(variable) ?? "") === "");
  for (const { path, variable, value } of left) {
    print(`Without ${path}: set ${variable} to ${value}`);
  }
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--parallel", "--sanitize-ops", "--sanitize-resources"],
      ...(left.length > 0 ? [`--ignore=${left.map(({ path }) => path)}`] : []),
      ...[...flags, ...files],
    ],
    cwd: ROOT,
    env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? JOBS },
  }).spawn().status;
  Deno.removeSignalListener("SIGINT", ignore);
  return code;
}

if (import.meta.main) Deno.exit(await main());
