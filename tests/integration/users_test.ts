/** `deno task users` as a person calls it, for a real Mosquitto, and for the API that EMQX documents. */
import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { startMosquitto } from "../../shared/services/mosquitto.ts";

const USERS = new URL("../../scripts/users.ts", import.meta.url).pathname;

async function users(args: readonly string[], stdin?: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", USERS, ...args],
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const output = await child.output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((b) => new TextDecoder().decode(b));
  return { code: output.code, stdout: stdout!, stderr: stderr! };
}

Deno.test("users that are added may enter Mosquitto, with new passwords too, until they are removed", async () => {
  const mosquitto = await startMosquitto({ passwords: { somebody: "else" } });
  try {
    const place = ["--passwords", `${mosquitto.folder}/passwords`];
    const mayEnter = async (username: string, password: string) => {
      try {
        const options = { username, password, reconnectPeriod: 0, protocolVersion: 5 } as const;
        await (await connectAsync(mosquitto.url, options, false)).endAsync();
        return true;
      } catch (error) {
        assert.match(String(error), /Not authorized/);
        return false;
      }
    };
    const restart = async () => {
      await mosquitto.broker.stop();
      await mosquitto.broker.start();
    };
    const added = await users(["add", "anna", ...place]);
    assert.deepEqual([added.code, added.stderr], [
      0,
      "Mosquitto reads the file again at SIGHUP.\n",
    ]);
    const made = added.stdout.trim();
    assert.match(made, /^[\w-]{24}$/);
    assert.equal(
      (await users(["add", "bert", ...place, "--password-stdin"], "bert says\n")).stdout,
      "",
    );
    assert.equal((await users(["list", ...place])).stdout, "somebody\nanna\nbert\n");
    await restart();
    assert.deepEqual(
      [
        await mayEnter("anna", made),
        await mayEnter("bert", "bert says"),
        await mayEnter("somebody", "else"),
        await mayEnter("anna", "bert says"),
      ],
      [true, true, true, false],
    );
    assert.equal(
      (await users(["passwd", "bert", ...place, "--password-stdin"], "another one")).code,
      0,
    );
    assert.equal((await users(["remove", "anna", ...place])).code, 0);
    await restart();
    assert.deepEqual(
      [
        await mayEnter("bert", "another one"),
        await mayEnter("bert", "bert says"),
        await mayEnter("anna", made),
      ],
      [true, false, false],
    );
    const text = await Deno.readTextFile(`${mosquitto.folder}/passwords`);
    assert.doesNotMatch(text, /another one|bert says/);
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("users says what is wrong: a name twice or unknown, one that is no topic level, a short password", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const place = ["--passwords", `${folder}/passwords`];
    assert.equal((await users(["add", "anna", ...place])).code, 0);
    const cases = [
      [["add", "anna", ...place], "Use passwd to change the password: anna is there already"],
      [["passwd", "bert", ...place], "Name a user that is there: bert is not"],
      [["remove", "bert", ...place], "Name a user that is there: bert is not"],
      [
        ["add", "a/b", ...place],
        "Give a name of at most 128 characters without / + # : and spaces",
      ],
      [["add", "carl", ...place, "--password-stdin"], "Give a password of at least 8 characters"],
    ] as const;
    for (const [args, expected] of cases) {
      const { code, stderr } = await users(args, "short");
      assert.equal(code, 2);
      assert.ok(stderr.startsWith(`users ${args[0]}: ${expected}`), stderr);
    }
    assert.equal((await users(["list"])).code, 2);
    assert.equal((await users(["list", ...place])).stdout, "anna\n");
    assert.equal((await Deno.stat(`${folder}/passwords`)).mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Two pages of users, and the errors of EMQX's API (5.8, /api/v5/authentication). */
function emqxAnswer(request: Request, seen: string[]): Response {
  const { pathname, searchParams } = new URL(request.url);
  seen.push(`${request.method} ${pathname}`);
  if (request.headers.get("authorization") !== `Basic ${btoa("key:secret")}`) {
    return Response.json({ code: "BAD_API_KEY_OR_SECRET" }, { status: 401 });
  }
  if (request.method === "GET") {
    const isFirst = searchParams.get("page") === "1";
    const data = [{ user_id: isFirst ? "bert" : "anna", is_superuser: false }];
    return Response.json({ data, meta: { hasnext: isFirst } });
  }
  if (request.method === "POST") return Response.json({}, { status: 409 });
  if (pathname.endsWith("/users/unknown")) return Response.json({}, { status: 404 });
  return request.method === "PUT" ? Response.json({}) : new Response(null, { status: 204 });
}

Deno.test("users speaks the API that EMQX documents", async () => {
  const seen: string[] = [];
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, (request) => emqxAnswer(request, seen));
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/key`, "key:secret\n");
    await Deno.writeTextFile(`${folder}/wrong`, "key:wrong\n");
    const url = ["--emqx", `http://127.0.0.1:${server.addr.port}`];
    const place = [...url, "--emqx-key-file", `${folder}/key`];
    assert.equal((await users(["list", ...place])).stdout, "anna\nbert\n");
    assert.match((await users(["add", "anna", ...place])).stderr, /anna is there already/);
    assert.equal((await users(["passwd", "anna", ...place])).code, 0);
    assert.match((await users(["passwd", "unknown", ...place])).stderr, /unknown is not/);
    assert.equal((await users(["remove", "anna", ...place])).code, 0);
    const refused = await users(["list", ...url, "--emqx-key-file", `${folder}/wrong`]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Correct the key in --emqx-key-file/);
    const path = "/api/v5/authentication/password_based%3Abuilt_in_database/users";
    assert.deepEqual(seen.slice(2, 4), [`POST ${path}`, `PUT ${path}/anna`]);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
