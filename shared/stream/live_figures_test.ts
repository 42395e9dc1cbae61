import assert from "node:assert/strict";
import { LiveFigures } from "./live_figures.ts";

const figuresOf = (households: readonly unknown[], nowMs = 0) =>
  new LiveFigures({ values: () => households.values() as never }, nowMs);
const closedAt = (closedS: number) => ({ household: { closedS } });

Deno.test("LiveFigures.watermarkSpreadS() is from the last household to the first, without those that are new", () => {
  assert.equal(figuresOf([]).watermarkSpreadS(), 0);
  assert.equal(figuresOf([closedAt(-Infinity), closedAt(100)]).watermarkSpreadS(), 0);
  const three = [closedAt(130), closedAt(-Infinity), closedAt(100)];
  assert.equal(figuresOf(three).watermarkSpreadS(), 30);
});

Deno.test("LiveFigures.hottest() gives the households with most records a second, the hottest first", () => {
  const households = [[0, 30], [90_000, 20], [0, 300], [0, 100], [99_999, 9]].map(
    ([firstSeenMs, recordCount], index) => ({
      name: { username: "u", client_id: `h${index}` },
      ...{ firstSeenMs, recordCount },
    }),
  );
  const found = figuresOf(households, 100_000).hottest(3);
  assert.deepEqual(found.map(({ client_id, recordsPerS }) => [client_id, recordsPerS]), [
    ["h2", 3],
    ["h1", 2],
    ["h3", 1],
  ]);
});
