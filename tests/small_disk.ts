/** A file system of its own, for tests of a disk that is full: run them as root. */
import assert from "node:assert/strict";

export interface SmallDisk {
  readonly path: string;
  /** As `mount` has it: `2m`. */
  resize(size: string): Promise<void>;
}

/** @throws AssertionError where we may not mount. */
export async function onSmallDisk(
  size: string,
  run: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempDir();
  await command("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path]);
  try {
    await run({
      path,
      resize: (next) => command("mount", ["-o", `remount,size=${next}`, path]),
    });
  } finally {
    await command("umount", [path]);
    await Deno.remove(path);
  }
}

async function command(name: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args }).output();
  assert.ok(success, `${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)} (needs root)`);
}
