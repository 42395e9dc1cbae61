/**
 * One JavaScript file a program, with everything in it: what binaries and images are made of. Deno's
 * own bundler (esbuild) does the work; here the version is put in, and the one file that the Kafka
 * client reads beside its code, which is kept from making at start what no worker uses.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { invariant } from "../../shared/errors.ts";
import { STAMP } from "../../shared/service/version.ts";
import { PROGRAM_STAMP } from "../../workers/console/server/page_files.ts";
import { consolePage } from "./console_page.ts";
import { withLateSchemas } from "./late_schemas.ts";
import { entryOf, type ProgramName } from "./program.ts";
import { runDeno } from "./run_deno.ts";

const BUNDLE = ["bundle", "--quiet", "--frozen", "--minify", "--platform=deno"];
const NATIVE_ENTRY = fileURLToPath(new URL("./kafka_native.ts", import.meta.url));
/** The Kafka client's checksums and compression: a module of WebAssembly that it reads at start. */
const NATIVE_READ = /[\w$]+\(new URL\("\.\.\/dist\/native\.wasm",import\.meta\.url\)\)/g;
/** WebAssembly in base64: it begins with a NUL, `asm` and its version. */
const NATIVE_CODE = /["'`](AGFzbQEAAA[A-Za-z0-9+/=]+)["'`]/g;

/**
 * Writes the bundle of a program. With an import map, that holds in place of the imports of deno.json.
 * @throws WattstreamError `unavailable` where the bundler fails, `invariant` where the bundle is not as expected.
 */
export async function writeBundle(
  program: ProgramName,
  { version, path, importMap }: {
    readonly version: string;
    readonly path: string;
    readonly importMap?: string | undefined;
  },
): Promise<void> {
  const flags = importMap === undefined ? [] : [`--import-map=${importMap}`];
  await runDeno([...BUNDLE, ...flags, `--output=${path}`, entryOf(program)]);
  const text = await readFile(path, "utf8");
  const stamped = text.replaceAll(STAMP, version);
  invariant(stamped !== text, `The bundle of ${program} has no place for its version`);
  await writeFile(path, await withConsolePage(await withNativeCode(stamped)));
}

/** Puts the page's program in, where the console is part of the bundle. */
async function withConsolePage(text: string): Promise<string> {
  return text.includes(PROGRAM_STAMP) ? text.replaceAll(PROGRAM_STAMP, await consolePage()) : text;
}

/** Where the Kafka client is in it: the WebAssembly in place of the code that reads it from a file. */
async function withNativeCode(text: string): Promise<string> {
  const reads = text.match(NATIVE_READ) ?? [];
  const mentions = text.split("native.wasm").length - 1;
  invariant(reads.length === mentions, "The Kafka client reads native.wasm in a new way");
  if (reads.length === 0) return text;
  const code = await nativeCode();
  return withLateSchemas(text).replace(NATIVE_READ, () => `Buffer.from("${code}","base64")`);
}

let native: Promise<string> | undefined;

/** The WebAssembly, from the package's own bundled form. */
function nativeCode(): Promise<string> {
  native ??= readNativeCode();
  return native;
}

async function readNativeCode(): Promise<string> {
  const folder = await mkdtemp(`${tmpdir()}/wattstream-build-`);
  try {
    const path = `${folder}/native.js`;
    await runDeno([...BUNDLE, `--output=${path}`, NATIVE_ENTRY]);
    const found = [...(await readFile(path, "utf8")).matchAll(NATIVE_CODE)];
    invariant(found.length === 1, "The Kafka client keeps its WebAssembly in a new way");
    return found[0]![1]!;
  } finally {
    await rm(folder, { recursive: true });
  }
}
