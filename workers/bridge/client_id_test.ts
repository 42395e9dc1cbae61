import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { clientIdOf, isGuessable, keptClientId, newClientId, shortClientId } from "./client_id.ts";

function withFolder(run: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    run(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("newClientId() has 128 bits of its own each time", () => {
  assert.match(newClientId(), /^wattstream-[0-9a-f]{32}$/);
  assert.equal(new Set(Array.from({ length: 1000 }, newClientId)).size, 1000);
});

Deno.test("clientIdOf() makes an id once for each state folder, for its owner's eyes", () =>
  withFolder((folder) => {
    const id = clientIdOf({}, `${folder}/a`);
    assert.equal(clientIdOf({}, `${folder}/a`), id);
    assert.equal(keptClientId(`${folder}/a`), id);
    assert.notEqual(clientIdOf({}, `${folder}/b`), id);
    assert.equal(Deno.statSync(`${folder}/a/client-id`).mode! & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(`${folder}/a`)].map(({ name }) => name), ["client-id"]);
  }));

Deno.test("clientIdOf() takes the id that is given, and leaves the state folder alone", () =>
  withFolder((folder) => {
    assert.equal(clientIdOf({ clientId: "given" }, `${folder}/state`), "given");
    Deno.writeTextFileSync(`${folder}/secret`, "from-a-secret\n");
    const clientIdFile = `${folder}/secret`;
    assert.equal(clientIdOf({ clientIdFile }, `${folder}/state`), "from-a-secret");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["secret"]);
  }));

Deno.test("clientIdOf() names the flag whose file is of no use", () =>
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/empty`, "\n");
    Deno.writeTextFileSync(`${folder}/two`, "a b");
    const refusals: [source: Parameters<typeof clientIdOf>[0], state: string, message: RegExp][] = [
      [{ clientIdFile: `${folder}/missing` }, folder, /Give --client-id-file a readable file/],
      [
        { clientIdFile: `${folder}/empty` },
        folder,
        /one client id into .*empty \(--client-id-file\)/,
      ],
      [{ clientIdFile: `${folder}/two` }, folder, /and nothing else/],
      [{}, `${folder}/empty/x`, /Give --state a folder/],
    ];
    for (const [source, state, message] of refusals) {
      assert.throws(() => clientIdOf(source, state), (error) => {
        assert.ok(hasCode(error, "config"));
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("shortClientId() leaves two thirds to guess", () => {
  assert.equal(shortClientId("wattstream-0123456789abcdef0123456789abcdef"), "wattstream-012…");
  assert.equal(shortClientId("ab"), "…");
});

Deno.test("isGuessable() is true of names, and false of what is made here", () => {
  for (const name of ["bridge", "wattstream", "bridge-0"]) assert.ok(isGuessable(name), name);
  assert.ok(!isGuessable(newClientId()));
});
