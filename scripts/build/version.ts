/** The version that is built in: that of `deno.json` and the commit, as `1.2.0+0a1b2c3d4e5f`. */
import { readFile } from "node:fs/promises";
import { WattstreamError } from "../../shared/errors.ts";
import { ROOT } from "./program.ts";

const COMMIT_LENGTH = 12;

/** The two halves of a version. */
export interface Version {
  readonly release: string;
  /** With `.changed` behind it where the working copy has changes that are in no commit. */
  readonly commit: string;
  readonly text: string;
}

/**
 * Asks git, unless the commit is given.
 * @throws WattstreamError `config` where this is no working copy of git.
 */
export async function readVersion(given?: string): Promise<Version> {
  const { version } = JSON.parse(await readFile(`${ROOT}deno.json`, "utf8")) as { version: string };
  const commit = given?.slice(0, COMMIT_LENGTH) ?? await readCommit();
  return { release: version, commit, text: `${version}+${commit}` };
}

async function readCommit(): Promise<string> {
  const head = await git(["rev-parse", `--short=${COMMIT_LENGTH}`, "HEAD"]);
  const changes = await git(["status", "--porcelain", "--untracked-files=no"]);
  return changes === "" ? head : `${head}.changed`;
}

/** When the commit was made, s since 1970: what is built of it bears this date, whenever that is. */
export async function commitTimeS(): Promise<number> {
  return Number(await git(["log", "-1", "--format=%ct"]));
}

async function git(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    // The folder may belong to someone else, as in a container's build.
    args: ["-c", `safe.directory=${ROOT.replace(/\/$/, "")}`, "-C", ROOT, ...args],
    stdin: "null",
  }).output();
  if (success) return new TextDecoder().decode(stdout).trim();
  const reason = new TextDecoder().decode(stderr).trim();
  throw new WattstreamError("config", `Build in a working copy of git: ${reason}`);
}
