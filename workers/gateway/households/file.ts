/** The file of households: YAML or TOML, checked as a whole, each mistake with its line and column. */
import { WattstreamError } from "../../../shared/errors.ts";
import { deviceSource, powerSource, type Source, type SourceProblem } from "./rules.ts";
import {
  type DeviceEntry,
  deviceSchema,
  type HouseholdEntry,
  householdsSchema,
  powerSchema,
} from "./schema.ts";
import { readToml } from "./toml.ts";
import { explain, type Path, Problems } from "./written.ts";
import { readYaml } from "./yaml.ts";

export interface HouseholdSpec {
  readonly entry: HouseholdEntry;
  readonly power: Source;
  readonly devices: readonly { readonly entry: DeviceEntry; readonly source: Source }[];
}

const NOTATIONS = { yaml: readYaml, toml: readToml } as const;
export type Notation = keyof typeof NOTATIONS;

/** TOML where the file is called so, else YAML. */
export function notationOf(path: string): Notation {
  return /\.toml$/i.test(path) ? "toml" : "yaml";
}

/** Longer files are a mistake. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Reads the text of a file.
 * @throws WattstreamError `config` that lists every mistake: `3:7 households.0.user: …`.
 */
export function parseHouseholds(text: string, notation: Notation = "yaml"): HouseholdSpec[] {
  if (text.length > FILE_BYTES_MAX) {
    throw new WattstreamError("config", `expected at most ${FILE_BYTES_MAX} bytes of households`);
  }
  const written = NOTATIONS[notation](text);
  const problems = new Problems(written);
  const parsed = householdsSchema.safeParse(written.value, { error: explain });
  for (const issue of parsed.error?.issues ?? []) problems.addIssue(issue);
  // What is right by itself is looked at further, whatever is wrong beside it.
  const entries = listAt(written.value, "households");
  for (const [index, entry] of entries.entries()) {
    checkSources(entry, { path: ["households", index], problems });
  }
  checkNames(entries, problems);
  checkPasswords(entries, problems);
  problems.throwAny();
  return parsed.data!.households.map((entry) => ({
    entry,
    power: powerSource(entry.power).source,
    devices: entry.devices.map((device) => ({
      entry: device,
      source: deviceSource(device).source,
    })),
  }));
}

function checkSources(
  entry: unknown,
  { path, problems }: { readonly path: Path; readonly problems: Problems },
): void {
  const add = (found: readonly SourceProblem[], at: Path) => {
    for (const problem of found) problems.add([...path, ...at, ...problem.path], problem.message);
  };
  const power = powerSchema.safeParse(at(entry, "power"));
  if (power.success) add(powerSource(power.data).problems, ["power"]);
  for (const [index, each] of listAt(entry, "devices").entries()) {
    const device = deviceSchema.safeParse(each);
    if (device.success) add(deviceSource(device.data).problems, ["devices", index]);
  }
}

function checkNames(entries: readonly unknown[], problems: Problems): void {
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const [user, client_id] = [at(entry, "user"), at(entry, "client_id")];
    if (typeof user === "string" && typeof client_id === "string") {
      addOnce(`${user}/${client_id}`, seen, () =>
        problems.add(
          ["households", index, "client_id"],
          `${user}/${client_id} is there already`,
        ));
    }
    const devices = new Set<string>();
    for (const [number, device] of listAt(entry, "devices").entries()) {
      const name = at(device, "name");
      if (typeof name !== "string") continue;
      addOnce(name, devices, () =>
        problems.add(
          ["households", index, "devices", number, "name"],
          `${name} is there already`,
        ));
    }
  }
}

/** A user has one connection: with the password of the first of its households. */
function checkPasswords(entries: readonly unknown[], problems: Problems): void {
  const firsts = new Map<unknown, unknown>();
  for (const [index, entry] of entries.entries()) {
    const user = at(entry, "user");
    const first = firsts.get(user) ?? entry;
    firsts.set(user, first);
    for (const key of ["password", "password-file"]) {
      const given = at(entry, key);
      if (given === undefined || given === at(first, key)) continue;
      const message = `expected that of the first household of ${user}, or none`;
      problems.add(["households", index, key], message);
    }
  }
}

function addOnce(name: string, names: Set<string>, onSecond: () => void): void {
  if (names.has(name)) onSecond();
  names.add(name);
}

function at(value: unknown, key: string): unknown {
  const isObject = typeof value === "object" && value !== null;
  return isObject && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}
