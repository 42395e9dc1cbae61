/**
 * Tries what no worker may, and prints what came of it, as JSON: run in a container by `deno run -` with
 * the rights of its worker, and with all but the network to see that these would do it.
 */
// deno-lint-ignore-file no-console -- the campaign reads what this prints.
const outcome = async (attempt) => {
  try {
    return await attempt() === undefined ? "hidden" : "allowed";
  } catch (error) {
    return error.name;
  }
};
console.log(JSON.stringify({
  ownVariable: await outcome(() => Deno.env.get("WATTSTREAM_HTTP")),
  otherVariable: await outcome(() => Deno.env.get("DENO_DIR")),
  file: await outcome(() => Deno.readTextFileSync("/etc/passwd")),
  memory: await outcome(() => Deno.readTextFileSync("/proc/self/environ")),
  written: await outcome(() => Deno.writeTextFileSync("/tmp/new", "")),
  subprocess: await outcome(() =>
    new Deno.Command("/usr/bin/deno", { args: ["--version"], stdout: "null" }).outputSync()
  ),
  // Where a cloud gives the machine's rights away. Any other host may be a broker.
  metadata: await outcome(() => Deno.connect({ hostname: "169.254.169.254", port: 80 })),
  library: await outcome(() => Deno.dlopen("/lib/libc.so", {})),
  machine: await outcome(() => Deno.hostname()),
}));
