import assert from "node:assert/strict";
import { freePorts, isFree } from "./ports.ts";

Deno.test("freePorts() gives nobody a port that was given just before", () => {
  const given = Array.from({ length: 20 }, () => freePorts(3)).flat();
  assert.equal(new Set(given).size, given.length);
  assert.ok(given.every((port) => isFree(port)));
});

Deno.test("freePorts() gives different ports to processes that ask at once", async () => {
  const module = import.meta.resolve("./ports.ts");
  const code = `import { freePorts } from ${JSON.stringify(module)};
    console.log(Array.from({ length: 50 }, () => freePorts(2)).flat().join());`;
  const outputs = await Promise.all(
    Array.from(
      { length: 3 },
      () => new Deno.Command(Deno.execPath(), { args: ["eval", code], stderr: "inherit" }).output(),
    ),
  );
  const given = outputs.flatMap(({ stdout }) => new TextDecoder().decode(stdout).trim().split(","));
  assert.equal(given.length, 300);
  assert.equal(new Set(given).size, given.length);
});

Deno.test("isFree() sees who listens", () => {
  const [port] = freePorts(1) as [number];
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  assert.equal(isFree(port), false);
  listener.close();
  assert.equal(isFree(port), true);
});
