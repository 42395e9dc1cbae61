import assert from "node:assert/strict";
import { isCheck, runCheck } from "./check.ts";

const HOUSEHOLDS = `
households:
  - user: anna
    client_id: flat-1
    power: { topic: p1, watts: $ }
`;

/** A port at which nobody listens. */
function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

async function checkOf(text: string): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/homes.yaml`, text);
    const broker = `mqtt://127.0.0.1:${closedPort()}`;
    const args = [
      ...["--households", `${folder}/homes.yaml`, "--mqtt", broker, "--uplink", broker],
      ...["--check", "--check-for", "1s"],
    ];
    const env = () => undefined;
    return await runCheck({ args, env }, { nowMs: Date.now, random: Math.random, env });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("runCheck() gives up a broker that is away", async () => {
  assert.equal(await checkOf(HOUSEHOLDS), 1);
});

Deno.test("runCheck() reads the passwords that the file names", async () => {
  const text = HOUSEHOLDS.replace("client_id", "password-file: /nowhere/secret\n    client_id");
  assert.equal(await checkOf(text), 2);
});

Deno.test("isCheck() hears the flag and the variable", () => {
  const env = (value: string | undefined) => ({ args: [], env: () => value });
  assert.deepEqual([env("true"), env("false"), env(undefined)].map(isCheck), [true, false, false]);
  assert.ok(isCheck({ args: ["--check"], env: () => undefined }));
  assert.ok(!isCheck({ args: ["--check", "--help"], env: () => undefined }));
});
