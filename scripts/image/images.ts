/**
 * The images of all programs in one archive, without a registry: Deno and a bundle each, started with
 * the permissions that the binary is compiled with. deploy/Dockerfile makes the ones to publish.
 */
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { ENGINE_FLAGS } from "../../shared/service/engine_flags.ts";
import { INSTALLED_FOLDERS, permissionFlags } from "../../shared/service/permissions.ts";
import { writeBundle } from "../build/bundle.ts";
import { type ProgramName, PROGRAMS, ROOT } from "../build/program.ts";
import { commitTimeS, readVersion, type Version } from "../build/version.ts";
import { type Image, type ImageConfig, type Layer, writeArchive, writeLayer } from "./archive.ts";
import { layProgram, NONROOT } from "./rootfs.ts";

/** Where a worker serves its health in a container, and so in every manifest. */
const HTTP = "0.0.0.0:8080";
const DENO = "/usr/bin/deno";
/** A bundle takes nothing from elsewhere, whatever it finds beside itself. */
const ALONE = ["--no-config", "--no-remote", "--no-npm", "--cached-only", "--no-code-cache"];

const USER = `${NONROOT}:${NONROOT}`;
const PLAIN = { env: {}, user: USER, labels: {}, healthcheck: undefined };

/** How `deno` is started for a bundle in an image, before the worker's own flags. */
export function entrypointOf(program: ProgramName): string[] {
  return [
    ...[DENO, "run", "--quiet", ...ALONE, ENGINE_FLAGS],
    ...permissionFlags(INSTALLED_FOLDERS),
    `/app/${program}.js`,
  ];
}

/** An image that was written. */
export interface WrittenImage {
  readonly tag: string;
  /** Of its layers. */
  readonly bytes: number;
}

/** Writes `<repository>/<program>:<tag>` for every program. @throws WattstreamError what its steps do. */
export async function writeImages(
  { repository, tag, file, programs = [] }: {
    readonly repository: string;
    readonly tag: string | undefined;
    readonly file: string;
    /** Programs of this machine that get an image too, by name; each at its own path. */
    readonly programs?: readonly { readonly name: string; readonly path: string }[];
  },
): Promise<readonly WrittenImage[]> {
  const version = await readVersion();
  const timeS = await commitTimeS();
  const work = await mkdtemp(`${tmpdir()}/wattstream-image-`);
  try {
    await layProgram(`${work}/deno`, { at: DENO, path: Deno.execPath() });
    const base = await writeLayer(`${work}/deno`, `${work}/deno.tar`, timeS);
    const images: Image[] = [];
    for (const program of PROGRAMS) {
      const layer = await bundleLayer(program, { work, version, timeS });
      images.push({
        tag: `${repository}/${program}:${tag ?? version.release}`,
        layers: [base, layer],
        config: configOf(program, version),
      });
    }
    for (const { name, path } of programs) {
      await layProgram(`${work}/${name}`, { at: path, path });
      images.push({
        tag: `${repository}/${name}:${tag ?? version.release}`,
        layers: [await writeLayer(`${work}/${name}`, `${work}/${name}.tar`, timeS)],
        config: { ...PLAIN, entrypoint: [path] },
      });
    }
    const path = resolve(ROOT, file);
    await mkdir(dirname(path), { recursive: true });
    await writeArchive(images, { folder: `${work}/archive`, file: path, timeS });
    return images.map(({ tag, layers }) => ({
      tag,
      bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    }));
  } finally {
    await rm(work, { recursive: true });
  }
}

async function bundleLayer(
  program: ProgramName,
  { work, version, timeS }: {
    readonly work: string;
    readonly version: Version;
    readonly timeS: number;
  },
): Promise<Layer> {
  const root = `${work}/${program}`;
  await mkdir(`${root}/app`, { recursive: true });
  await writeBundle(program, { version: version.text, path: `${root}/app/${program}.js` });
  await mkdir(`${root}/usr/share/doc/wattstream`, { recursive: true });
  await copyFile(`${ROOT}LICENSE`, `${root}/usr/share/doc/wattstream/LICENSE`);
  return await writeLayer(root, `${root}.tar`, timeS);
}

function configOf(program: ProgramName, version: Version): ImageConfig {
  const entrypoint = entrypointOf(program);
  const isWorker = program !== "wattstream";
  return {
    entrypoint,
    env: {
      // Deno keeps nothing: the root of the container may be read-only.
      DENO_DIR: "/tmp/deno",
      DENO_NO_UPDATE_CHECK: "1",
      ...(isWorker && { WATTSTREAM_HTTP: HTTP }),
    },
    user: USER,
    labels: {
      "org.opencontainers.image.title": `wattstream ${program}`,
      "org.opencontainers.image.version": version.release,
      "org.opencontainers.image.revision": version.commit,
      "org.opencontainers.image.licenses": "Apache-2.0",
    },
    healthcheck: isWorker ? [...entrypoint, "--check-health"] : undefined,
  };
}
