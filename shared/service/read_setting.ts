/** A file that a flag names. */
import { WattstreamError } from "../errors.ts";
import { pathText, whyUnreadable } from "./secrets.ts";

/**
 * What is in it.
 * @param name of the flag, such as `--tls-cert`.
 * @throws WattstreamError `config` where it cannot be read; without what may be a secret in its place.
 */
export async function readSetting(name: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new WattstreamError(
      "config",
      `Give ${name} a readable file, got "${pathText(path)}": ${whyUnreadable(cause)}`,
      { cause },
    );
  }
}
