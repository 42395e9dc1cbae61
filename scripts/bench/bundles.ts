/** The workers as images and binaries have them: one file each, which starts with less work. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cacheFolder } from "../../shared/services/cache.ts";
import { writeBundle } from "../build/bundle.ts";
import { JOBS } from "./jobs.ts";
import { REPLACED } from "./metrics/unmeasured.ts";

type Worker = (typeof JOBS)[keyof typeof JOBS]["worker"];

/** As it is shipped, or without metrics. */
export type Bundle = "shipped" | "unmeasured";

/** Where the bundle of a worker is, once {@link bundleWorkers} has resolved. */
export function bundleOf(worker: Worker, bundle: Bundle = "shipped"): string {
  return `${cacheFolder()}/bench/${worker}${bundle === "shipped" ? "" : `-${bundle}`}.js`;
}

/** Bundles the workers that are measured, as they are now. @throws WattstreamError where that fails. */
export async function bundleWorkers(bundle: Bundle = "shipped"): Promise<void> {
  await mkdir(`${cacheFolder()}/bench`, { recursive: true });
  const importMap = bundle === "shipped" ? undefined : await writeImportMap();
  for (const { worker } of Object.values(JOBS)) {
    await writeBundle(worker, { version: "bench", path: bundleOf(worker, bundle), importMap });
  }
}

/** By which `unmeasured.ts` stands for what makes metrics; all other imports as they are. */
async function writeImportMap(): Promise<string> {
  const root = new URL("../../", import.meta.url);
  const { imports } = JSON.parse(await readFile(new URL("deno.json", root), "utf8"));
  const { href } = new URL("metrics/unmeasured.ts", import.meta.url);
  for (const replaced of REPLACED) imports[new URL(replaced, root).href] = href;
  const path = `${cacheFolder()}/bench/unmeasured.json`;
  await writeFile(path, JSON.stringify({ imports }));
  return path;
}
