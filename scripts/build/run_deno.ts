/** Runs a command of Deno in the working copy, and keeps what it says for the error. */
import { WattstreamError } from "../../shared/errors.ts";
import { ROOT } from "./program.ts";

/** @throws WattstreamError `unavailable` with all that Deno said where it fails. */
export async function runDeno(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (success) return said!;
  throw new WattstreamError("unavailable", `deno ${args[0]} failed:\n${complained!.trim()}`);
}
