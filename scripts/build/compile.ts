/** One executable a program and target: the bundle, Deno's runtime, and the permissions it is held to. */
import { hasCode, messageOf, WattstreamError } from "../../shared/errors.ts";
import { ENGINE_FLAGS } from "../../shared/service/engine_flags.ts";
import { INSTALLED_FOLDERS, permissionFlags } from "../../shared/service/permissions.ts";
import type { Target } from "./program.ts";
import { runDeno } from "./run_deno.ts";

/**
 * Compiles a bundle. Deno takes its runtime for the target from its own cache, from the network, or
 * from the file in `DENORT_BIN`.
 * @throws WattstreamError `unavailable` where the runtime cannot be had.
 */
export async function compile(
  { bundle, target, path }: {
    readonly bundle: string;
    readonly target: Target;
    readonly path: string;
  },
): Promise<void> {
  try {
    await runDeno([
      "compile",
      "--no-config",
      "--no-check",
      "--no-code-cache",
      "--cached-only",
      "--no-remote",
      "--no-npm",
      `--target=${target}`,
      ENGINE_FLAGS,
      ...permissionFlags(INSTALLED_FOLDERS),
      `--output=${path}`,
      bundle,
    ]);
  } catch (error) {
    if (!hasCode(error, "unavailable") || !/denort|dl\.deno\.land/i.test(messageOf(error))) {
      throw error;
    }
    throw new WattstreamError(
      "unavailable",
      `Set DENORT_BIN to the file denort of Deno ${Deno.version.deno} for ${target}, or build where it can be downloaded`,
      { cause: error },
    );
  }
}
