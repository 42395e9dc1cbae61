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

/**
 * A certificate or key in it: what is none is taken in silence, and connections just fail.
 * @throws WattstreamError `config` where it cannot be read, or is no PEM.
 */
export async function readPem(name: string, path: string): Promise<string> {
  return pemOf(name, await readSetting(name, path));
}

/** @throws WattstreamError `config` where the text, of the file that a flag names, is no PEM. */
export function pemOf(name: string, text: string): string {
  if (text.includes("-----BEGIN ")) return text;
  throw new WattstreamError("config", `Give ${name} a PEM file: this one has no -----BEGIN`);
}
