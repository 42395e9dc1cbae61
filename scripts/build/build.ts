/**
 * Builds into a folder:
 *
 *     bundle/bridge.js …                      one file a program, for deno run
 *     x86_64-unknown-linux-gnu/bridge …       one executable a program and target
 *     wattstream.cdx.json                     what is in them
 *     SHA256SUMS                              of all these; sha256sum --check SHA256SUMS
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { writeBundle } from "./bundle.ts";
import { compile } from "./compile.ts";
import { type BuildConfig, chosen } from "./config.ts";
import { PROGRAMS, ROOT, TARGETS } from "./program.ts";
import { billOfMaterials } from "./sbom.ts";
import { readVersion } from "./version.ts";

/** @throws WattstreamError what its steps do. */
export async function build(config: BuildConfig, report: (line: string) => void): Promise<void> {
  const out = resolve(ROOT, config.out);
  const version = await readVersion(config.commit);
  report(`Building ${version.text}`);
  const files: string[] = [];
  await mkdir(`${out}/bundle`, { recursive: true });
  for (const program of chosen(config.worker, PROGRAMS)) {
    const bundle = `bundle/${program}.js`;
    await writeBundle(program, { version: version.text, path: `${out}/${bundle}` });
    files.push(bundle);
    for (const target of config.bundlesOnly ? [] : chosen(config.target, TARGETS)) {
      const path = `${target}/${program}`;
      await mkdir(`${out}/${target}`, { recursive: true });
      await compile({ bundle: `${out}/${bundle}`, target, path: `${out}/${path}` });
      files.push(path);
    }
    report(`Built ${program}`);
  }
  const lock = JSON.parse(await readFile(`${ROOT}deno.lock`, "utf8"));
  const bill = billOfMaterials(lock, version);
  await writeFile(`${out}/wattstream.cdx.json`, JSON.stringify(bill, undefined, 2) + "\n");
  files.push("wattstream.cdx.json");
  await writeFile(`${out}/SHA256SUMS`, await checksums(out, files));
}

/** As `sha256sum` prints them. */
async function checksums(folder: string, files: readonly string[]): Promise<string> {
  let lines = "";
  for (const file of files) {
    const digest = createHash("sha256").update(await readFile(`${folder}/${file}`)).digest("hex");
    lines += `${digest}  ${file}\n`;
  }
  return lines;
}
