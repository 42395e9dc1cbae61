/** The notations in which recordings write times. Pure. */

/** Digits of Unix time in each unit, of the years 2001 to 2286, and how many of it make a second. */
const UNIX_UNITS: readonly (readonly [digits: number, perSecond: number])[] = [
  [10, 1],
  [13, 1e3],
  [16, 1e6],
  [19, 1e9],
];
/** Days from 1899-12-30, which spreadsheets count from, to 1970, and those of the years 1982 to 2064. */
const SERIAL_EPOCH_DAYS = 25_569;
const SERIAL = /^[3-5]\d{4}(\.\d+)?$/;
const DAY_S = 86_400;

const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const CLOCK = String.raw`(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d+)?(?:\s*([ap])\.?m\.?)?`;
const ZONE = String.raw`\s*(Z|UTC|GMT|[A-Z]{2,4}|[+-]\d\d(?::?\d\d)?)?(?:\[[\w/+-]+\])?`;
const notation = (date: string) => new RegExp(`^${date},?[T ]\\s*${CLOCK}${ZONE}$`, "i");

const YEAR_FIRST = notation(String.raw`(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})`);
const YEAR_LAST = notation(String.raw`(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d\d)`);
const DAY_MONTH = notation(
  String.raw`(?:[a-z]{3},? )?(\d{1,2})[ -](${MONTHS})[a-z]*\.?[ -](\d{4})`,
);
const MONTH_DAY = notation(String.raw`(?:[a-z]{3},? )?(${MONTHS})[a-z]*\.? (\d{1,2}),? (\d{4})`);
const BASIC = /^(\d{4})(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)(?:[.,]\d+)?(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** Of names of zones those that mean one zone; hours ahead of UTC. */
const ZONES: Readonly<Record<string, number>> = {
  ...{ Z: 0, UTC: 0, GMT: 0, WET: 0, BST: 1, WEST: 1, CET: 1, CEST: 2, EET: 2, EEST: 3 },
  ...{ EST: -5, EDT: -4, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7, AEST: 10, AEDT: 11 },
};

/** Which number of `03/01/2026` is the day: the first, or as in the USA the second. */
export type DateOrder = "day-first" | "month-first";

/**
 * Whole seconds of a time as programs and people write it, or undefined: Unix time in seconds to
 * nanoseconds, `2026-03-01T12:00:00`, `01.03.2026 12:00`, `1 Mar 2026 12:00`, `20260301T120000`, the
 * number of a day in a spreadsheet; with or without seconds, fraction (floored), am and pm, zone. A
 * time without a zone is taken as UTC.
 */
export function secondsOf(text: string, order: DateOrder = "day-first"): number | undefined {
  const unix = /^(\d+)(?:\.\d+)?$/.exec(text);
  if (unix !== null) {
    const unit = UNIX_UNITS.find(([digits]) => digits === unix[1]!.length);
    if (unit !== undefined) return Math.floor(Number(unix[1]) / unit[1]);
    if (SERIAL.test(text)) return Math.round((Number(text) - SERIAL_EPOCH_DAYS) * DAY_S);
  }
  const yearFirst = YEAR_FIRST.exec(text);
  if (yearFirst !== null) {
    const [, year, month, day, ...clock] = yearFirst;
    return secondsAt(year!, month!, day!, clock);
  }
  const basic = BASIC.exec(text);
  if (basic !== null) {
    const [, year, month, day, hour, minute, second, zone] = basic;
    return secondsAt(year!, month!, day!, [hour, minute, second, undefined, zone]);
  }
  const yearLast = YEAR_LAST.exec(text);
  if (yearLast !== null) {
    const [, first, second, year, ...clock] = yearLast;
    const full = year!.length === 2 ? `20${year}` : year!;
    return order === "day-first"
      ? secondsAt(full, second!, first!, clock)
      : secondsAt(full, first!, second!, clock);
  }
  const dayMonth = DAY_MONTH.exec(text);
  if (dayMonth !== null) {
    const [, day, month, year, ...clock] = dayMonth;
    return secondsAt(year!, monthOf(month!), day!, clock);
  }
  const monthDay = MONTH_DAY.exec(text);
  if (monthDay !== null) {
    const [, month, day, year, ...clock] = monthDay;
    return secondsAt(year!, monthOf(month!), day!, clock);
  }
  return /^\d\.\d{9,}e\+\d\d$/.test(text)
    ? secondsOf(BigInt(Math.round(Number(text))).toString())
    : undefined;
}

function monthOf(name: string): string {
  return String(MONTHS.split("|").indexOf(name.toLowerCase().slice(0, 3)) + 1);
}

function secondsAt(
  year: string,
  month: string,
  day: string,
  [hour, minute, second = "00", half, zone]: readonly (string | undefined)[],
): number | undefined {
  const two = (text: string) => text.padStart(2, "0");
  const hour24 = half === undefined ? Number(hour) : hourOf(Number(hour), half.toLowerCase());
  const local = `${year}-${two(month)}-${two(day)}T${two(`${hour24}`)}:${minute}:${second}`;
  const localMs = Date.parse(`${local}Z`);
  // A day that the month does not have is moved to the next month by Date.parse.
  if (Number.isNaN(localMs) || !new Date(localMs).toISOString().startsWith(local)) {
    return undefined;
  }
  if (zone === undefined) return localMs / 1000;
  const hours = ZONES[zone.toUpperCase()];
  if (hours !== undefined) return localMs / 1000 - hours * 3600;
  const [, sign, ahead, minutes = "00"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (ahead === undefined || Number(ahead) > 23 || Number(minutes) > 59) return undefined;
  const aheadS = Number(ahead) * 3600 + Number(minutes) * 60;
  return localMs / 1000 - (sign === "-" ? -aheadS : aheadS);
}

/** 12 am is midnight; NaN for what no clock says. */
function hourOf(hour: number, half: string): number {
  if (hour < 1 || hour > 12) return NaN;
  return hour % 12 + (half === "p" ? 12 : 0);
}

const WITH_ZONE = /(\d\s*Z|[A-Z]{3,4}|[+-]\d\d(:?\d\d)?)(\[.*\])?$/i;

/** Whether a time that {@link secondsOf} reads says nothing of its zone. */
export function isLocalTime(text: string): boolean {
  return (text.includes(":") || BASIC.test(text)) && !WITH_ZONE.test(text);
}

/**
 * Which number is the day in a file of such times: where the two disagree, that which makes the smaller
 * step to the next row. Reads no further than that takes, which is at most a day.
 */
export async function dateOrderOf(times: AsyncIterable<string>): Promise<DateOrder> {
  let last: Readonly<Record<DateOrder, number>> | undefined;
  for await (const text of times) {
    // With dots it is the day everywhere.
    if (!/^\d{1,2}[-/]/.test(text) || !YEAR_LAST.test(text)) return "day-first";
    const dayFirst = secondsOf(text, "day-first");
    const monthFirst = secondsOf(text, "month-first");
    if (monthFirst === undefined) return "day-first";
    if (dayFirst === undefined) return "month-first";
    const now = { "day-first": dayFirst, "month-first": monthFirst };
    if (last !== undefined) {
      const [byDay, byMonth] = (["day-first", "month-first"] as const)
        .map((order) => Math.abs(now[order] - last![order]));
      if (byDay !== byMonth) return byDay! < byMonth! ? "day-first" : "month-first";
    }
    last = now;
  }
  return "day-first";
}
