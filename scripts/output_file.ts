/** Files that a command writes at its end: what cannot be written must not cost what came before. */
import { messageOf, WattstreamError } from "../shared/errors.ts";

/**
 * Creates the file where there is none, and leaves one that is there as it is.
 * @throws WattstreamError `config` where the file that a flag names cannot be written.
 */
export async function checkOutputFile(flag: string, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    (await Deno.open(path, { create: true, append: true })).close();
  } catch (cause) {
    throw new WattstreamError("config", `Choose another ${flag}: ${messageOf(cause)}`, { cause });
  }
}
