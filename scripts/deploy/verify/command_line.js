/** Prints the command line of a container's first process, as JSON: run there by `deno eval`. */
// deno-lint-ignore no-console -- the campaign reads what this prints.
console.log(JSON.stringify(Deno.readTextFileSync("/proc/1/cmdline").split("\0").slice(0, -1)));
