/** The source files of the tree, what they import, and which of them are tests. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";

export const root = new URL("../..", import.meta.url).pathname;

export interface Source {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file below these folders, those with JSX too. */
export async function sourcesBelow(...folders: string[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const folder of folders) {
    for (const entry of await readdir(join(root, folder), { recursive: true })) {
      if (!/\.tsx?$/.test(entry) || entry.includes("node_modules")) continue;
      const path = join(folder, entry);
      sources.push({ path, text: await readFile(join(root, path), "utf8") });
    }
  }
  return sources;
}

/** What programs a file imports of the repository, as paths from its root. */
export function importsOf({ path, text }: Source): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+\.tsx?)"/g)]
    .map(([, specifier]) => relative(".", normalize(join(dirname(path), specifier!))));
}

/** Whether a file is a test, or is there for tests alone. */
export function isTest(path: string): boolean {
  return path.endsWith("_test.ts") || /(^tests|\/testdata|\/testing)\//.test(path);
}

export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}
