/** The notations in which recordings write separators, numbers and states. Pure. */

/** The separator of a heading: the one of these that occurs most, of a space where none does, else a comma. */
export function separatorOf(heading: string): string {
  let separator = ",";
  const countOf = (text: string) => heading.split(text).length;
  for (const other of [";", "\t", "|"]) if (countOf(other) > countOf(separator)) separator = other;
  const isSpaced = countOf(separator) === 1 && /^\S+( \S+)+$/.test(heading.trim());
  return isSpaced ? " " : separator;
}

const MISSING = new Set([
  ...[
    "",
    "nan",
    "null",
    "(null)",
    "none",
    "nil",
    "na",
    "n/a",
    "n.a.",
    "#n/a",
    "<na>",
    "nat",
    "\\n",
  ],
  ...["-", "--", ".", "?", "missing", "undefined", "#value!", "-1.#ind", "1.#qnan"],
  ...["unavailable", "unknown"],
]);

/** Whether a cell says that there is no value, in the usual words. */
export function isMissing(text: string): boolean {
  return MISSING.has(text.toLowerCase());
}

const UNIT = /^(.*\d)\s*(k?)w$/i;
/** Thousands apart by spaces or apostrophes, which no separator and no decimal mark is. */
const SPACED = /^([+-]?\d{1,3})((?:[\s'\u2019]\d{3})+)([.,]\d+)?$/;

/**
 * A finite number, in kW times 1,000 where it says so. A comma is a decimal one where columns are not
 * separated by commas, or where it cannot set thousands apart; `1,234` in quotes could be either, and
 * is undefined.
 */
export function numberOf(text: string, separator: string): number | undefined {
  const value = Number(text);
  if (text !== "" && Number.isFinite(value)) return value;
  const unit = UNIT.exec(text);
  if (unit !== null) {
    const watts = numberOf(unit[1]!, separator);
    return watts === undefined ? undefined : unit[2] === "" ? watts : Math.round(watts * 1e9) / 1e6;
  }
  const [, head, groups, fraction = ""] = SPACED.exec(text) ?? [];
  const plain = (head === undefined ? text : head + groups!.replace(/\D/g, "") + fraction)
    .replace("\u2212", "-");
  if (/^[+-]?\d+,\d+$/.test(plain)) {
    const isUnsure = separator === "," && /^[+-]?\d{1,3},\d{3}$/.test(plain);
    return isUnsure ? undefined : Number(plain.replace(",", "."));
  }
  if (/^[+-]?\d{1,3}(,\d{3})+\.\d+$/.test(plain)) return Number(plain.replaceAll(",", ""));
  if (/^[+-]?\d{1,3}(\.\d{3})+,\d+$/.test(plain)) {
    return Number(plain.replaceAll(".", "").replace(",", "."));
  }
  return plain !== text && Number.isFinite(Number(plain)) ? Number(plain) : undefined;
}

const ON = new Set(["1", "1.0", "true", "t", "on", "yes", "y", "wahr", "ja"]);
const OFF = new Set(["0", "0.0", "false", "f", "off", "no", "n", "falsch", "nein"]);

/** Whether a device is on, in the usual words; undefined for others. */
export function stateOf(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (ON.has(word)) return true;
  return OFF.has(word) ? false : undefined;
}
