/** What the lines of a panel were over a span of time, by a Prometheus. */
import { z } from "zod";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { type Panel, RATE_TIME } from "./panel.ts";

/** Points of a line at most. */
const POINTS_MAX = 240;
/** A rate is taken over at least so long, s: several looks of a Prometheus as we start it. */
const RATE_S_MIN = 20;

/** A point of a line. */
export interface Point {
  /** ms since 1970. */
  readonly atMs: number;
  readonly value: number;
  /** Name of the line, by the query's legend. */
  readonly line: string;
}

const answer = z.object({
  data: z.object({
    result: z.array(z.object({
      metric: z.record(z.string(), z.string()),
      values: z.array(z.tuple([z.number(), z.string()])),
    })),
  }),
});

/** @throws WattstreamError `unavailable` where Prometheus does not answer. */
export async function linesOf(
  prometheus: string,
  { queries }: Panel,
  { endS, lastS }: { readonly endS: number; readonly lastS: number },
): Promise<Point[]> {
  const stepS = Math.max(1, Math.ceil(lastS / POINTS_MAX));
  const rateTime = `${Math.max(RATE_S_MIN, 4 * stepS)}s`;
  const points: Point[] = [];
  for (const { expr, legend } of queries) {
    const query = new URLSearchParams({
      query: expr.replaceAll(RATE_TIME, rateTime),
      start: String(endS - lastS),
      end: String(endS),
      step: String(stepS),
    });
    const text = await answerOf(`${prometheus}/api/v1/query_range`, query);
    for (const { metric, values } of answer.parse(JSON.parse(text)).data.result) {
      const line = legend.replaceAll(/\{\{(\w+)\}\}/g, (_all, label) => metric[label] ?? "");
      for (const [atS, value] of values) {
        points.push({ atMs: atS * 1000, value: Number(value), line });
      }
    }
  }
  return points.filter(({ value }) => Number.isFinite(value));
}

async function answerOf(url: string, body: URLSearchParams): Promise<string> {
  let problem: string;
  try {
    const response = await fetch(url, { method: "POST", body });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    if (response.ok && isJson) return text;
    problem = isJson ? text : `HTTP ${response.status}, and no JSON`;
  } catch (error) {
    problem = messageOf(error);
  }
  throw new WattstreamError(
    "unavailable",
    `Start Prometheus or correct --prometheus, ${url}: ${problem}`,
  );
}
