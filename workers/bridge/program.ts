/** The bridge as a command: it bridges, or looks at its broker. */
import type { ConfigSource } from "../../shared/service/config.ts";
import { runWorker } from "../../shared/service/program.ts";
import { isCheck, runCheck } from "./check/check.ts";
import { type BridgeEnvironment, bridgeProgram } from "./worker.ts";

/** Runs to its end; the exit code: 0 done, 1 failed, 2 bad settings. */
export async function runBridge(
  environment: BridgeEnvironment,
  source: ConfigSource,
): Promise<number> {
  if (isCheck(source)) return await runCheck(source, environment.random);
  return await runWorker(bridgeProgram(environment), source);
}
