/** The bill of materials of a build, CycloneDX 1.6: every package of the lock file, and nothing else. */
import { Buffer } from "node:buffer";
import { invariant } from "../../shared/errors.ts";
import type { Version } from "./version.ts";

/** What is read of `deno.lock`. */
export interface LockFile {
  readonly npm: Readonly<Record<string, LockedPackage>>;
  /** What `deno.json` names, as `npm:NAME@VERSION`. */
  readonly workspace: { readonly dependencies: readonly string[] };
}

interface LockedPackage {
  /** `sha512-` and the digest in base64. */
  readonly integrity: string;
  /** `NAME` where the lock file has one version of it, else `NAME@VERSION`. */
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

/** The bill as an object. The same lock file and version give the same bill: it bears no date. */
export function billOfMaterials(lock: LockFile, version: Version): Record<string, unknown> {
  const root = `wattstream@${version.text}`;
  const ids = Object.keys(lock.npm).sort();
  const direct = lock.workspace.dependencies.map((specifier) => idOf(specifier.slice(4), ids));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      tools: { components: [{ type: "application", name: "deno", version: Deno.version.deno }] },
      component: {
        "bom-ref": root,
        type: "application",
        name: "wattstream",
        version: version.text,
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
    },
    components: ids.map((id) => component(id, lock.npm[id]!)),
    dependencies: [
      { ref: root, dependsOn: direct.map(purlOf).sort() },
      ...ids.map((id) => ({ ref: purlOf(id), dependsOn: dependenciesOf(lock.npm[id]!, ids) })),
    ],
  };
}

function component(id: string, { integrity }: LockedPackage) {
  const { name, version } = parseId(id);
  const [algorithm, digest] = integrity.split(/-(.*)/s);
  invariant(algorithm === "sha512", `${id}: expected its SHA-512 in the lock file`);
  const content = Buffer.from(digest!, "base64").toString("hex");
  return {
    "bom-ref": purlOf(id),
    type: "library",
    name,
    version,
    purl: purlOf(id),
    hashes: [{ alg: "SHA-512", content }],
  };
}

function dependenciesOf(locked: LockedPackage, ids: readonly string[]): string[] {
  const names = [...locked.dependencies ?? [], ...locked.optionalDependencies ?? []];
  return [...new Set(names.map((name) => purlOf(idOf(name, ids))))].sort();
}

/** The package that a name in the lock file stands for. */
function idOf(name: string, ids: readonly string[]): string {
  if (ids.includes(name)) return name;
  // `NAME@VERSION` of what has peers stands in the lock file with them behind it.
  const found = ids.filter((id) => id.startsWith(`${name}_`) || parseId(id).name === name);
  invariant(found.length === 1, `${name}: expected one version in the lock file`);
  return found[0]!;
}

/** `@scope/name@1.2.3` and, where peers tell copies apart, `…_peer@4.5.6` behind it. */
function parseId(id: string): { readonly name: string; readonly version: string } {
  const match = /^(@?[^@]+)@([^_]+)/.exec(id);
  invariant(match !== null, `${id}: expected NAME@VERSION in the lock file`);
  return { name: match[1]!, version: match[2]! };
}

function purlOf(id: string): string {
  const { name, version } = parseId(id);
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}
