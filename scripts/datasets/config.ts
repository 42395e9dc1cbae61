/** The flags of `deno task datasets`: one schema a command. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";
import { quoted } from "../../shared/service/secrets.ts";
import { onePlace, otherLogFlags, placeFlags } from "../log_place.ts";
import { TABLE_NAMES } from "../../shared/tables/tables.ts";

/** A point of event time: absolute, or so long before now. */
export type TimePoint = { readonly second: number } | { readonly agoS: number };

const DAY_S = 86_400;
const UNIT_S = { s: 1, m: 60, h: 3600, d: DAY_S };

/** `2026-03-01`, `2026-03-01T12:00Z`, Unix seconds, or `7d` ago; a time without a zone is UTC. */
function timePoint() {
  return z.string().transform((text, context): TimePoint => {
    const point = parseTimePoint(text.trim());
    if (point !== undefined) return point;
    const message = "expected a time such as 2026-03-01, 2026-03-01T12:00Z, 1772323200 (Unix " +
      `seconds) or 7d (ago), got ${quoted(text)}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

function parseTimePoint(text: string): TimePoint | undefined {
  const ago = /^(\d+)(s|m|h|d)$/.exec(text);
  if (ago !== null) return { agoS: Number(ago[1]) * UNIT_S[ago[2] as keyof typeof UNIT_S] };
  if (/^\d{9,11}$/.test(text)) return { second: Number(text) };
  const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  if (iso === null) return undefined;
  const ms = Date.parse(`${iso[1]}T${iso[2] ?? "00:00"}${iso[3] ?? "Z"}`);
  return Number.isNaN(ms) ? undefined : { second: ms / 1000 };
}

/** `70/15/15` or `80/20`: shares in percent. */
function split() {
  return z.string().transform((text, context): readonly number[] => {
    const shares = text.split("/").map((part) => /^\d+$/.test(part) ? Number(part) : NaN);
    const isRight = (shares.length === 2 || shares.length === 3) &&
      shares.every((share) => share > 0) && shares.reduce((sum, share) => sum + share, 0) === 100;
    if (isRight) return shares;
    const message = `expected two or three shares that make 100, such as 70/15/15, got ` +
      quoted(text);
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

const choice = {
  topic: flag.choice(TABLE_NAMES).default("dataset2train").describe(
    `Which records: ${TABLE_NAMES.join(", ")}`,
  ),
  household: z.string().min(1).transform((text) => text.split(",")).optional().describe(
    "Only these households: USERNAME/CLIENT_ID[,…], or CLIENT_ID for those of every user",
  ),
  since: timePoint().optional().describe(
    "Event time from which on: 2026-03-01, 2026-03-01T12:00Z, Unix seconds, or 7d (ago)",
  ),
  until: timePoint().optional().describe("Event time before which, in the same notations"),
};

export const listConfig = onePlace(z.strictObject({
  ...placeFlags,
  ...choice,
  json: flag.boolean().describe("Print one JSON object a household, each on its line"),
  ...otherLogFlags,
}));

export const showConfig = onePlace(z.strictObject({
  ...placeFlags,
  ...choice,
  limit: flag.integer(1).prefault("20").describe("Stop after so many rows"),
  ...otherLogFlags,
}));

export const exportConfig = onePlace(z.strictObject({
  ...placeFlags,
  ...choice,
  out: flag.text().describe("Folder for the files; an export that was stopped goes on there"),
  format: flag.choice(["parquet", "csv", "jsonl"]).default("parquet").describe(
    "Format of the files: parquet, csv or jsonl",
  ),
  layout: flag.choice(["household", "file"]).default("household").describe(
    "A file for each household, in a folder for each user; or one file: household or file",
  ),
  split: split().optional().describe(
    "Parts by time, in percent: 70/15/15 (train, validation, test) or 80/20 (train, test); each " +
      "household's earliest rows are for training",
  ),
  ...otherLogFlags,
}));

export type ListConfig = z.output<typeof listConfig>;
export type ExportConfig = z.output<typeof exportConfig>;
/** What chooses records, of any of the commands. */
export type ChoiceConfig = Pick<ListConfig, "topic" | "household" | "since" | "until">;
