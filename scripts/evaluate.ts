/** `deno task evaluate RECORDING…`: how well devices are found, beside other methods. */
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { hasCode, messageOf } from "../shared/errors.ts";
import { evaluateConfig } from "./evaluate/config.ts";
import { runEvaluation } from "./evaluate/run.ts";

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "evaluate",
    summary: "how well devices are found in recordings, by ours and by other methods",
    usage: "RECORDING… [flags]",
    config: evaluateConfig,
    positionals: true,
  }, { args: Deno.args, env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  const hasRecordings = parsed.positionals.length > 0;
  if (hasRecordings === (parsed.config.simulate !== undefined)) {
    printError("evaluate: expected either recordings, files or folders, or --simulate");
    return 2;
  }
  try {
    await runEvaluation(parsed.positionals, parsed.config, print);
    return 0;
  } catch (error) {
    printError(`evaluate: ${messageOf(error)}`);
    return hasCode(error, "config") ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main());
