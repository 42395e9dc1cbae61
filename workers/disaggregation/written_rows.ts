/**
 * A learner's rows as they are remembered: most of a memory, so without a name for each number, which
 * takes a third of it. Rows by names, as they were written before, are read as well.
 */
import { z } from "zod";
import type { Learner, VectorRow } from "./model/learner.ts";

const amount = z.number().min(0);
/** Power, visits, readings, spread between visits and within them. */
const writtenLevel = z.tuple([z.number(), amount, amount, amount, amount]);
/** The vector, its entries and seconds, its levels. */
const writtenRow = z.tuple([z.string(), amount, amount, z.array(writtenLevel)]);
const namedRow = z.object({
  bits: z.string(),
  levels: z.array(z.object({
    power: z.number(),
    visits: amount,
    readings: amount,
    between: amount,
    within: amount,
  })),
  entries: amount,
  seconds: amount,
});

export const writtenRowsSchema = z.array(z.union([writtenRow, namedRow]));
export type WrittenRows = z.infer<typeof writtenRowsSchema>;

export function writtenRows({ rows }: Learner): WrittenRows {
  return rows.map(({ bits, entries, seconds, levels }) => [
    ...[bits, entries, seconds] as const,
    levels.map(({ power, visits, readings, between, within }) =>
      [power, visits, readings, between, within] as const
    ),
  ]) as WrittenRows;
}

export function rowsOf(written: WrittenRows): VectorRow[] {
  return written.map((row) => {
    if (!Array.isArray(row)) return row;
    const [bits, entries, seconds, levels] = row;
    return {
      ...{ bits, entries, seconds },
      levels: levels.map(([power, visits, readings, between, within]) => ({
        ...{ power, visits, readings, between, within },
      })),
    };
  });
}
