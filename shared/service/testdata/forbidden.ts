/** Prints what came of each thing that was tried, as JSON: run with the permissions of a worker. */
// deno-lint-ignore-file no-console -- the test reads what this prints.
import { readFile } from "node:fs/promises";

async function outcome(attempt: () => unknown): Promise<string> {
  try {
    return String(await attempt());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name !== "TypeError") return error.name;
    return `TypeError: ${error.message.match(/^Requires import access/)?.[0] ?? error.message}`;
  }
}

const elsewhere = "https://example.com/code.ts";
const results = {
  "own variable": await outcome(() => Deno.env.get("WATTSTREAM_LOG")),
  "own folder": await outcome(() => Deno.readTextFile("/var/lib/wattstream/nothing-is-here")),
  "own socket": await outcome(() => {
    using _listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return "allowed";
  }),
  "file": await outcome(() => Deno.readTextFile("/etc/passwd")),
  "folder to write": await outcome(() => Deno.writeTextFile("/tmp/wattstream-forbidden", "")),
  "process of another": await outcome(() => readFile("/proc/1/environ")),
  "host": await outcome(() => Deno.connect({ hostname: "169.254.169.254", port: 80 })),
  "subprocess": await outcome(() => new Deno.Command("/bin/true").output()),
  "library": await outcome(() => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {})),
  "host name": await outcome(() => Deno.hostname()),
  "code from elsewhere": await outcome(() => import(elsewhere)),
  "variable": await outcome(() => Deno.env.get("HOME")),
  "all variables": await outcome(() => Object.keys(Deno.env.toObject())),
};
console.log(JSON.stringify(results));
