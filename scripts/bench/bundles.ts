/** The workers as images and binaries have them: one file each, which starts with less work. */
import { mkdir } from "node:fs/promises";
import { cacheFolder } from "../../shared/services/cache.ts";
import { writeBundle } from "../build/bundle.ts";
import { JOBS } from "./jobs.ts";

type Worker = (typeof JOBS)[keyof typeof JOBS]["worker"];

/** Where the bundle of a worker is, once {@link bundleWorkers} has resolved. */
export function bundleOf(worker: Worker): string {
  return `${cacheFolder()}/bench/${worker}.js`;
}

/** Bundles the workers that are measured, as they are now. @throws WattstreamError where that fails. */
export async function bundleWorkers(): Promise<void> {
  await mkdir(`${cacheFolder()}/bench`, { recursive: true });
  for (const { worker } of Object.values(JOBS)) {
    await writeBundle(worker, { version: "bench", path: bundleOf(worker) });
  }
}
