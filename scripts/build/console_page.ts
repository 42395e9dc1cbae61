/** Bundles the program of the console's page, for a working copy and for what is built. */
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { ROOT } from "./program.ts";
import { runDeno } from "./run_deno.ts";

const ENTRY = `${ROOT}workers/console/page/app.tsx`;
const FOLDER = `${ROOT}.cache/console`;

/**
 * Puts it where the console of a working copy looks for it.
 * @throws WattstreamError `unavailable` where the bundler fails.
 */
export async function writeConsolePage(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  // Others may be reading it, or bundling it as well.
  const path = `${FOLDER}/${Deno.pid}.js`;
  await bundle(path);
  await rename(path, `${FOLDER}/app.js`);
}

/** In base64. @throws WattstreamError `unavailable` where the bundler fails. */
export async function consolePage(): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const path = `${FOLDER}/build-${Deno.pid}.js`;
  try {
    await bundle(path);
    return (await readFile(path)).toString("base64");
  } finally {
    await rm(path, { force: true });
  }
}

async function bundle(path: string): Promise<void> {
  const flags = ["--quiet", "--frozen", "--minify", "--platform=browser"];
  await runDeno(["bundle", ...flags, `--output=${path}`, ENTRY]);
}

if (import.meta.main) await writeConsolePage();
