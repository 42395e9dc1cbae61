/** The flags of `deno task build`. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";
import { PROGRAMS, TARGETS } from "./program.ts";

const ALL = "all";

export const buildConfig = z.strictObject({
  target: flag.choice([ALL, ...TARGETS]).default(ALL).describe(
    `Where the binaries will run: ${TARGETS.join(", ")} or ${ALL}`,
  ),
  worker: flag.choice([ALL, ...PROGRAMS]).default(ALL).describe(
    `What to build: ${PROGRAMS.join(", ")} or ${ALL}`,
  ),
  out: flag.text().default("dist").describe("Folder that takes what is built"),
  commit: flag.text().optional().describe("Commit that is built, where git is not there to say it"),
  bundlesOnly: flag.boolean().describe(
    "Stop before the binaries: the bundles run under deno run, where no runtime can be downloaded",
  ),
});

export type BuildConfig = z.output<typeof buildConfig>;

/** What a flag that may say `all` stands for. */
export function chosen<T extends string>(value: T | typeof ALL, all: readonly T[]): readonly T[] {
  return value === ALL ? all : [value];
}
