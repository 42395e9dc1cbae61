/** `deno task build`: bundles, binaries, their checksums and their bill of materials. */
import { hasCode, messageOf } from "../shared/errors.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { build } from "./build/build.ts";
import { buildConfig } from "./build/config.ts";

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "build",
    summary: "bundles and binaries of the workers and of the wattstream command",
    config: buildConfig,
  }, { args: Deno.args, env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  try {
    await build(parsed.config, print);
    return 0;
  } catch (error) {
    printError(`build: ${messageOf(error)}`);
    return hasCode(error, "config") ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main());
