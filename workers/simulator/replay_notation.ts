/** The notations in which recordings write separators, times, numbers and states. Pure. */

/** The separator of a heading: the one of these that occurs most, a comma where none does. */
export function separatorOf(heading: string): string {
  let separator = ",";
  const countOf = (text: string) => heading.split(text).length;
  for (const other of [";", "\t", "|"]) if (countOf(other) > countOf(separator)) separator = other;
  return separator;
}

/** Digits of Unix time in each unit, of the years 2001 to 2286, and how many of it make a second. */
const UNIX_UNITS: readonly (readonly [digits: number, perSecond: number])[] = [
  [10, 1],
  [13, 1e3],
  [16, 1e6],
  [19, 1e9],
];

/**
 * Whole seconds of `2026-03-01T12:00:00`, with or without a fraction and a zone, or of Unix time in
 * seconds to nanoseconds; a fraction is floored. Undefined for anything else.
 */
export function secondsOf(text: string): number | undefined {
  const unix = /^(\d+)(?:\.\d+)?$/.exec(text);
  if (unix !== null) {
    const unit = UNIX_UNITS.find(([digits]) => digits === unix[1]!.length);
    return unit === undefined ? undefined : Math.floor(Number(unix[1]) / unit[1]);
  }
  const iso = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)?\s*(Z|[+-]\d\d:?\d\d)?$/.exec(
    text,
  );
  if (iso === null) return undefined;
  const [, day, time, zone = "Z"] = iso;
  const localMs = Date.parse(`${day}T${time}Z`);
  // A day that the month does not have is moved to the next month by Date.parse.
  if (Number.isNaN(localMs) || !new Date(localMs).toISOString().startsWith(`${day}T${time}`)) {
    return undefined;
  }
  const ms = Date.parse(`${day}T${time}${zone.replace(/(\d\d):?(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** A finite number; with a decimal comma where columns are not separated by one. */
export function numberOf(text: string, separator: string): number | undefined {
  const plain = separator !== "," && /^[+-]?\d+,\d+$/.test(text) ? text.replace(",", ".") : text;
  const value = plain === "" ? NaN : Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

const ON = new Set(["1", "1.0", "true", "on", "yes"]);
const OFF = new Set(["0", "0.0", "false", "off", "no"]);

/** Whether a device is on, in the usual words; undefined for others. */
export function stateOf(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (ON.has(word)) return true;
  return OFF.has(word) ? false : undefined;
}
