/** Which column of a table is the time, which the power, and which are devices. Pure. */
import { WattstreamError } from "../../../shared/errors.ts";
import { shortened } from "../../../shared/events.ts";
import { type ColumnChoice, DEVICES_MAX } from "./recording.ts";

/** Names as programs and datasets have them, those that say most first. */
const TIME_NAMES = [
  ...["timestamp", "unix", "unix_time", "unix_timestamp", "epoch", "time", "datetime"],
  ...["date_time", "zeitstempel", "uhrzeit", "zeit", "date", "ts", "utc", "local_time"],
  ...["localtime", "datum", "time_stamp", "horodatage", "fecha_hora", "fecha", "hora"],
  // InfluxDB, Home Assistant.
  ...["_time", "last_changed", "last_updated"],
  ...["index", "unnamed:_0", ""],
];
/** Of the day, where the time stands beside it. */
const DATE_NAMES = ["date", "datum", "day", "tag", "fecha"];
const POWER_NAMES = [
  ...["total_power_w", "aggregate", "mains", "power_w", "power", "total", "total_w", "watts", "w"],
  ...["active_power", "consumption", "main", "use", "load", "leistung", "value", "kw"],
  ...[
    "total_power",
    "power_total",
    "_value",
    "global_active_power",
    "puissance",
    "potencia",
    "potenza",
    "vermogen",
  ],
];
/** Characters of all columns in an error: a file that is no table can have one long line. */
const NAMES_LENGTH_MAX = 500;
const STATE_NAME = /_(on|state|status)$/;
const DEVICE_SUFFIX = /[_ ](on|state|status|k?w|[[(]k?W[\])])$/i;
const WATTS_SUFFIX = /_k?w(atts?)?$/;
const WATTS_NAME = /_k?w$|^appliance_?\d+$/;

/** A device: its state, or its watts. */
export interface DeviceColumn {
  readonly index: number;
  readonly name: string;
  readonly isState: boolean;
  /** The column of its watts, where there is one. */
  readonly wattsIndex: number | undefined;
}

export interface Columns {
  readonly time: number;
  /** Of the date, where the column of the time may say that of the day alone. */
  readonly date: number | undefined;
  readonly power: number;
  readonly devices: readonly DeviceColumn[];
}

/**
 * Picks the columns that are chosen, or else those whose names say what they are.
 * @throws WattstreamError `config` that names the flag and the columns that there are.
 */
export function pickColumns(
  path: string,
  header: readonly string[],
  choice: ColumnChoice,
): Columns {
  const plain = header.map(plainName);
  const refuse = (flag: string, what: string): never => {
    throw new WattstreamError(
      "config",
      `${path}: expected a column ${what}; say which one with ${flag}: ` +
        shortened(header.join(", "), NAMES_LENGTH_MAX),
    );
  };
  const pick = (chosen: string | undefined, names: readonly string[], flag: string): number => {
    if (chosen !== undefined) {
      const index = header.indexOf(chosen);
      return index === -1 ? refuse(flag, chosen) : index;
    }
    for (const written of [plain, plain.map((name) => name.replace(WATTS_SUFFIX, ""))]) {
      const name = names.find((each) => written.includes(each));
      if (name !== undefined) return written.indexOf(name);
    }
    return -1;
  };
  const time = pick(choice.timeColumn, TIME_NAMES, "--time-column");
  if (time === -1) refuse("--time-column", "timestamp");
  let power = pick(choice.powerColumn, POWER_NAMES, "--power-column");
  // Of two columns, the other one.
  if (power === -1 && header.length === 2) power = 1 - time;
  if (power === -1 || power === time) refuse("--power-column", "total_power_w");
  const devices = choice.deviceColumns === undefined
    ? guessedDevices(plain, [time, power])
    : choice.deviceColumns.map((name) => pick(name, [], "--device-columns"));
  if (devices.length > DEVICES_MAX) {
    throw new WattstreamError(
      "config",
      `Choose at most ${DEVICES_MAX} devices of ${path} with --device-columns: it has ${devices.length}`,
    );
  }
  const date = DATE_NAMES.map((name) => indexOf(plain, name))
    .find((index) => index !== undefined && index !== time && index !== power);
  return {
    ...{ time, date, power },
    devices: devices.map((index) => ({
      index,
      name: header[index]!,
      isState: STATE_NAME.test(plain[index]!),
      wattsIndex: STATE_NAME.test(plain[index]!)
        ? indexOf(plain, plain[index]!.replace(STATE_NAME, "_w"))
        : index,
    })),
  };
}

/** Names of the devices, `kettle` of `kettle_on`; as the columns are called where two would be the same. */
export function namesOf({ devices }: Columns): string[] {
  const plain = devices.map(({ name }) => name.replace(DEVICE_SUFFIX, "") || name);
  const names = new Set(plain).size === plain.length ? plain : devices.map(({ name }) => name);
  return names.map((name) => name.replace(/\p{Cc}+/gu, " "));
}

/** The states, or else the watts of those that have any. */
function guessedDevices(plain: readonly string[], taken: readonly number[]): number[] {
  const those = (pattern: RegExp) =>
    plain.flatMap((name, index) => pattern.test(name) && !taken.includes(index) ? [index] : []);
  const states = those(STATE_NAME);
  return states.length > 0 ? states : those(WATTS_NAME);
}

function indexOf(plain: readonly string[], name: string): number | undefined {
  const index = plain.indexOf(name);
  return index === -1 ? undefined : index;
}

/** `power_w` of `Power [W]`, `date_time` of `Date/Time`. */
function plainName(name: string): string {
  return name.trim().toLowerCase().replace(/[\s/-]+/g, "_").replace(/_?[[(](k?w)[\])]$/, "_$1");
}

/** The last one is that of a household in UCI's repository. */
const KILOWATTS_NAME = /(^|_)kw$|^global_active_power$/;

/** What a value of a column is to be multiplied with to be W, by its name. */
export function wattsFactorOf(name: string): number {
  return KILOWATTS_NAME.test(plainName(name)) ? 1000 : 1;
}
