/** What is built: each worker by itself, and the command that holds them all. */
import { fileURLToPath } from "node:url";

/** Workers that are a program of their own: folder, binary and image have this name. */
export const WORKERS = [
  "bridge",
  "predictions",
  "training",
  "disaggregation",
  "publisher",
  "simulator",
  "gateway",
  "console",
] as const;

/** What can be built. */
export const PROGRAMS = [...WORKERS, "wattstream"] as const;
export type ProgramName = typeof PROGRAMS[number];

/** Where a binary can run. */
export const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] as const;
export type Target = typeof TARGETS[number];

/** The root of the working copy. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Path of the file that a program begins with. */
export function entryOf(program: ProgramName): string {
  return program === "wattstream"
    ? `${ROOT}scripts/wattstream.ts`
    : `${ROOT}workers/${program}/main.ts`;
}
