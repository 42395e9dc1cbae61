/** Where downloads and the state of services are kept: `.cache`, or `WATTSTREAM_CACHE`. */
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

const DEFAULT_FOLDER = new URL("../../.cache", import.meta.url);

/** The absolute path of the cache folder. Clones that name one folder share its downloads. */
export function cacheFolder(): string {
  return resolve(Deno.env.get("WATTSTREAM_CACHE") ?? fileURLToPath(DEFAULT_FOLDER));
}
