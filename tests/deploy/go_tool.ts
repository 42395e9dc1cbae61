/** Checkers that are Go modules: built once a machine, at a pinned version, into the cache. */
import { mkdir } from "node:fs/promises";
import { WattstreamError } from "../../shared/errors.ts";
import { cacheFolder } from "../../shared/services/cache.ts";
import { withFileLock } from "../../shared/services/file_lock.ts";
import { must } from "../../scripts/deploy/verify/kube.ts";

/** Little runs of them: to optimise them takes longer than they then save. */
const UNOPTIMISED = ["-gcflags=all=-N -l", "-ldflags=-s -w"];

const TOOLS = {
  "kube-score": "github.com/zegl/kube-score/cmd/kube-score@v1.20.0",
  kubeconform: "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
  actionlint: "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
} as const;

/** Path of the tool. @throws WattstreamError `unavailable` that says what to install. */
export async function goTool(name: keyof typeof TOOLS): Promise<string> {
  const source = TOOLS[name];
  const folder = `${cacheFolder()}/go/${source.split("@")[1]}`;
  await mkdir(folder, { recursive: true });
  return await withFileLock(`${folder}/${name}.lock`, async () => {
    const path = `${folder}/${name}`;
    if (await isThere(path)) return path;
    try {
      await must("go", ["install", ...UNOPTIMISED, source], {
        env: { GOBIN: folder, GOFLAGS: "-mod=mod" },
      });
    } catch (cause) {
      throw new WattstreamError("unavailable", `Install Go 1.26 to build ${source}`, { cause });
    }
    return path;
  });
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
