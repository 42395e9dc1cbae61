import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ROOT } from "./program.ts";
import { billOfMaterials, type LockFile } from "./sbom.ts";

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes: readonly { readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const version = { release: "1.2.3", commit: "0a1b2c3d4e5f", text: "1.2.3+0a1b2c3d4e5f" };

function billOf(lock: LockFile): Bill {
  return billOfMaterials(lock, version) as unknown as Bill;
}

Deno.test("billOfMaterials() has the packages of deno.lock, each with its digest, and no other", async () => {
  const lock = JSON.parse(await readFile(`${ROOT}deno.lock`, "utf8")) as LockFile;
  const bill = billOf(lock);
  const expected = Object.entries(lock.npm).map(([id, { integrity }]) => {
    const hex = Uint8Array.fromBase64(integrity.slice("sha512-".length)).toHex();
    return `${id.replace(/(@\d[^_]*)_.*/, "$1")} ${hex}`;
  });
  const found = bill.components.map(({ name, version, hashes }) =>
    `${name}@${version} ${hashes[0]!.content}`
  );
  assert.deepEqual(found, expected.sort());
});

Deno.test("billOfMaterials() names only what it lists, and reaches all of it from the root", async () => {
  const bill = billOf(JSON.parse(await readFile(`${ROOT}deno.lock`, "utf8")));
  const edges = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const reached = new Set<string>();
  const queue = [`wattstream@${version.text}`];
  for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
    if (reached.has(ref)) continue;
    assert.ok(edges.has(ref), `${ref} is named and not listed`);
    reached.add(ref);
    queue.push(...edges.get(ref)!);
  }
  const unreached = bill.components.map(({ purl }) => purl).filter((purl) => !reached.has(purl));
  assert.deepEqual(unreached, []);
});

Deno.test("billOfMaterials() refuses a lock file in which a name means two versions", () => {
  const integrity = "sha512-AAAA";
  const npm = {
    "a@1.0.0": { integrity },
    "a@2.0.0": { integrity },
    "b@1.0.0": { integrity, dependencies: ["a"] },
  };
  assert.throws(
    () => billOf({ npm, workspace: { dependencies: ["npm:b@1.0.0"] } }),
    /a: expected one version/,
  );
});
