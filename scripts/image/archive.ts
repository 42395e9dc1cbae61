/**
 * An archive of images as `docker save` writes it: layers as tars, a configuration an image, and a list
 * of them. `docker load`, `podman load`, `ctr images import` and `microk8s images import` read it.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { WattstreamError } from "../../shared/errors.ts";

/** A layer on disk. */
export interface Layer {
  readonly file: string;
  /** `sha256:…` of the tar. */
  readonly digest: string;
  readonly bytes: number;
}

/** What a container starts with. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A command that ends with 0 where the container is well. */
  readonly healthcheck: readonly string[] | undefined;
}

export interface Image {
  /** `name:tag`. */
  readonly tag: string;
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
}

const HEALTHCHECK_INTERVAL_S = 30;
const NANOSECONDS_PER_S = 1e9;
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** Packs the files below a folder into a tar that depends on nothing but them and the moment. */
export async function writeLayer(root: string, file: string, timeS: number): Promise<Layer> {
  await tar(["--sort=name", `--mtime=@${timeS}`, "--owner=0", "--group=0", "--numeric-owner"], {
    root,
    file,
  });
  return { file, digest: await sha256(file), bytes: (await Deno.stat(file)).size };
}

/** Writes the archive. `folder` is made, used and removed. */
export async function writeArchive(
  images: readonly Image[],
  { folder, file, timeS }: {
    readonly folder: string;
    readonly file: string;
    readonly timeS: number;
  },
): Promise<void> {
  const created = new Date(timeS * 1000).toISOString();
  await mkdir(folder, { recursive: true });
  const manifest = [];
  const names = (layer: Layer) => `${layer.digest.slice("sha256:".length)}.tar`;
  for (const { tag, layers, config } of images) {
    const text = JSON.stringify({
      architecture: ARCHITECTURES[Deno.build.arch],
      os: "linux",
      created,
      config: {
        User: config.user,
        Env: Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
        Entrypoint: config.entrypoint,
        Labels: config.labels,
        StopSignal: "SIGTERM",
        ...(config.healthcheck && {
          Healthcheck: {
            Test: ["CMD", ...config.healthcheck],
            Interval: HEALTHCHECK_INTERVAL_S * NANOSECONDS_PER_S,
          },
        }),
      },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      history: layers.map(() => ({ created, created_by: "wattstream" })),
    });
    const name = `${createHash("sha256").update(text).digest("hex")}.json`;
    await writeFile(`${folder}/${name}`, text);
    for (const layer of layers) await linkOnce(layer.file, `${folder}/${names(layer)}`);
    manifest.push({ Config: name, RepoTags: [tag], Layers: layers.map(names) });
  }
  await writeFile(`${folder}/manifest.json`, JSON.stringify(manifest));
  await tar([], { root: folder, file });
  await rm(folder, { recursive: true });
}

async function linkOnce(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

async function tar(
  flags: readonly string[],
  { root, file }: { readonly root: string; readonly file: string },
): Promise<void> {
  const { success, stderr } = await new Deno.Command("tar", {
    args: ["--create", `--file=${file}`, ...flags, `--directory=${root}`, "."],
  }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim();
  throw new WattstreamError("unavailable", `Could not write ${file}: ${reason}`);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(file)) hash.update(bytes);
  return `sha256:${hash.digest("hex")}`;
}
