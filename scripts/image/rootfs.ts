/**
 * The files of an image that is made of this machine's own: a program, the libraries that it is linked
 * against, and a user without rights. No shell, no package manager, nothing of anybody's registry.
 */
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { WattstreamError } from "../../shared/errors.ts";

/** The user that distroless images call nonroot. */
export const NONROOT = 65532;

const SEES_AND_RUNS = 0o755;
const ANYONE_WRITES = 0o1777;

/**
 * Lays a program of this machine and what it needs below a folder, at the path `at` of the image.
 * @throws WattstreamError `unavailable` where the program cannot be looked into.
 */
export async function layProgram(
  root: string,
  { at, path }: { readonly at: string; readonly path: string },
): Promise<void> {
  await copy(path, root + at);
  for (const library of await librariesOf(path)) await copy(library, root + library);
  await mkdir(`${root}/tmp`, { recursive: true });
  await chmod(`${root}/tmp`, ANYONE_WRITES);
  await mkdir(`${root}/etc`, { recursive: true });
  const user = `nonroot:x:${NONROOT}`;
  await writeFile(
    `${root}/etc/passwd`,
    `root:x:0:0:root:/:/sbin/nologin\n${user}:${NONROOT}::/tmp:/sbin/nologin\n`,
  );
  await writeFile(`${root}/etc/group`, `root:x:0:\n${user}:\n`);
  await writeFile(`${root}/etc/nsswitch.conf`, "hosts: files dns\n");
}

/** Paths of the shared libraries, the loader among them, as the loader of this machine finds them. */
async function librariesOf(program: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command("ldd", { args: [program], stderr: "null" })
    .output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  const paths = lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  if (success && paths.length > 0) return paths;
  throw new WattstreamError("unavailable", `Give a program that ldd can read, got ${program}`);
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, SEES_AND_RUNS);
}
