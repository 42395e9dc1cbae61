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

const ISO =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/;
/** The day first, as everywhere but in the USA. */
const DAY_FIRST = /^(\d\d)[./](\d\d)[./](\d{4}),? (\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?$/;

/**
 * Whole seconds of `2026-03-01T12:00:00` or `01.03.2026 12:00`, with or without seconds, a fraction
 * and (the first) a zone, or of Unix time in seconds to nanoseconds; a fraction is floored. Undefined
 * for anything else.
 */
export function secondsOf(text: string): number | undefined {
  const unix = /^(\d+)(?:\.\d+)?$/.exec(text);
  if (unix !== null) {
    const unit = UNIX_UNITS.find(([digits]) => digits === unix[1]!.length);
    return unit === undefined ? undefined : Math.floor(Number(unix[1]) / unit[1]);
  }
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year, month, day, minute, second = ":00", zone = "Z"] = iso;
    return secondsAt(`${year}-${month}-${day}T${minute}${second}`, zone);
  }
  const dayFirst = DAY_FIRST.exec(text);
  if (dayFirst === null) return undefined;
  const [, day, month, year, minute, second = ":00"] = dayFirst;
  return secondsAt(`${year}-${month}-${day}T${minute}${second}`, "Z");
}

function secondsAt(local: string, zone: string): number | undefined {
  const localMs = Date.parse(`${local}Z`);
  // A day that the month does not have is moved to the next month by Date.parse.
  if (Number.isNaN(localMs) || !new Date(localMs).toISOString().startsWith(local)) {
    return undefined;
  }
  const offset = zone === "UTC" ? "Z" : zone.replace(/(\d\d):?(\d\d)$/, "$1:$2");
  const ms = Date.parse(`${local}${offset}`);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** Whether a time that {@link secondsOf} reads says nothing of its zone. */
export function isLocalTime(text: string): boolean {
  return text.includes(":") && !/(Z|UTC|[+-]\d\d:?\d\d)$/.test(text);
}

const MISSING = new Set(["", "nan", "null", "none", "na", "n/a", "<na>", "nat", "-", "?"]);

/** Whether a cell says that there is no value, in the usual words. */
export function isMissing(text: string): boolean {
  return MISSING.has(text.toLowerCase()) || /^(unavailable|unknown)$/i.test(text);
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
