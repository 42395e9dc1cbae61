/** The gateway as a command: it runs, or looks at what its sources give. */
import type { ConfigSource } from "../../shared/service/config.ts";
import { runWorker } from "../../shared/service/program.ts";
import { isCheck, runCheck } from "./check.ts";
import { type GatewayEnvironment, gatewayProgram } from "./worker.ts";

/** Runs to its end; the exit code: 0 done, 1 failed, 2 bad settings. */
export async function runGateway(
  environment: GatewayEnvironment,
  source: ConfigSource,
): Promise<number> {
  if (isCheck(source)) return await runCheck(source, environment);
  return await runWorker(gatewayProgram(environment), source);
}
