/** A file system of its own, for tests of a disk that is full: run them as root. */
import assert from "node:assert/strict";

export interface SmallDisk {
  readonly path: string;
  /** With other options, as `mount` has them: `size=2m`, `ro`. */
  remount(options: string): Promise<void>;
}

/** @param options such as `size=2m`. @throws AssertionError where we may not mount. */
export async function onSmallDisk(
  options: string,
  run: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempDir();
  await command("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]);
  try {
    await run({
      path,
      remount: (options) => command("mount", ["-o", `remount,${options}`, path]),
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
