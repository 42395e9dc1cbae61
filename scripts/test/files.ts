/** The test files that are meant by names: paths, or parts of them. */
import { join, relative, resolve } from "node:path";
import { WattstreamError } from "../../shared/errors.ts";

/** Folders that hold no test of ours. */
const PASSED_OVER = new Set([".cache", ".git", "node_modules"]);

/**
 * The test files below `root` whose path there contains one of the names, sorted; none, which means
 * all, where there is no name. A name can also be a file's or folder's path.
 * @throws WattstreamError `config` that lists the names which mean no file.
 */
export async function testFiles(root: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const files = await filesBelow(root, "");
  const parts = names.map((name) => partOf(root, name));
  const matching = files.filter((file) => parts.some((part) => file.includes(part)));
  const unknown = names.filter((_, index) => !files.some((file) => file.includes(parts[index]!)));
  if (unknown.length === 0) return matching.sort();
  throw new WattstreamError(
    "config",
    `Name a part of a test file's path: there is none with ${unknown.join(", ")}`,
  );
}

/** `./tests/x` and `/home/me/wattstream/tests/x` are `tests/x`. */
function partOf(root: string, name: string): string {
  return /^\.{0,2}\//.test(name) ? relative(root, resolve(root, name)) : name;
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = join(folder, name);
    if (isDirectory && !PASSED_OVER.has(name)) files.push(...await filesBelow(root, path));
    else if (name.endsWith("_test.ts")) files.push(path);
  }
  return files;
}
