/** The file of households: YAML or TOML, checked as a whole, each mistake with its line and column. */
import { WattstreamError } from "../../../shared/errors.ts";
import { deviceSource, powerSource, type Source, type SourceProblem } from "./rules.ts";
import { type DeviceEntry, type HouseholdEntry, householdsSchema } from "./schema.ts";
import { readToml } from "./toml.ts";
import { type Path, Problems } from "./written.ts";
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
  const parsed = householdsSchema.safeParse(written.value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.addIssue(issue);
    problems.throwAny();
  }
  const specs = parsed.data!.households.map((entry, index) => {
    const path = ["households", index];
    return specOf(entry, { path, problems });
  });
  checkNames(specs, problems);
  problems.throwAny();
  return specs;
}

function specOf(
  entry: HouseholdEntry,
  { path, problems }: {
    readonly path: Path;
    readonly problems: Problems;
  },
): HouseholdSpec {
  const take = (
    { source, problems: found }: { source: Source; problems: readonly SourceProblem[] },
    at: Path,
  ) => {
    for (const problem of found) problems.add([...path, ...at, ...problem.path], problem.message);
    return source;
  };
  return {
    entry,
    power: take(powerSource(entry.power), ["power"]),
    devices: entry.devices.map((device, index) => ({
      entry: device,
      source: take(deviceSource(device), ["devices", index]),
    })),
  };
}

function checkNames(specs: readonly HouseholdSpec[], problems: Problems): void {
  const seen = new Set<string>();
  for (const [index, { entry }] of specs.entries()) {
    const name = `${entry.user}/${entry.client_id}`;
    if (seen.has(name)) {
      problems.add(["households", index, "client_id"], `${name} is there already`);
    }
    seen.add(name);
    const devices = new Set<string>();
    for (const [number, device] of entry.devices.entries()) {
      if (devices.has(device.name)) {
        const path = ["households", index, "devices", number, "name"];
        problems.add(path, `${device.name} is there already`);
      }
      devices.add(device.name);
    }
  }
}
