/** The recordings of real households that tests use: from where they are, never copied. */
import { WattstreamError } from "../errors.ts";

/**
 * The path of a recording in the folder `WATTSTREAM_SAMPLES`, by default `../shared/data` beside the
 * repository.
 * @throws WattstreamError `unavailable` where it is not there: its tests must not pass unseen.
 */
export function samplePath(name: string): string {
  const byDefault = new URL("../../../shared/data", import.meta.url).pathname;
  const path = `${Deno.env.get("WATTSTREAM_SAMPLES") ?? byDefault}/${name}`;
  try {
    Deno.statSync(path);
    return path;
  } catch (cause) {
    throw new WattstreamError(
      "unavailable",
      `Set WATTSTREAM_SAMPLES to the folder with ${name}: it is not at ${path}`,
      { cause },
    );
  }
}
