import assert from "node:assert/strict";
import type { DeviceStatus } from "../../../shared/events.ts";
import type { HouseholdKnown } from "./household_view.ts";
import { questionOf } from "./question.ts";

const NAMES = ["kettle", "iron", "lamp"];

function known(
  statuses: readonly DeviceStatus[],
  seconds: readonly { consumption?: number; on?: (number | null)[] }[],
): HouseholdKnown {
  const devices = statuses.map((status, index) => ({
    ...{ status, watts: [2000, 1900, 40][index]!, watts_deviation: 1 },
  }));
  return {
    model: { version: 1, trained_until: 1, labelled_seconds: 60, devices },
    seconds: seconds.map((each, index) => ({ second: 10 + index, ...each })),
  };
}

const power = (...watts: number[]) => watts.map((consumption) => ({ consumption }));
const found = (...all: (number | null)[][]) => all.map((on) => ({ on }));
const textOf = (...args: Parameters<typeof known>) => questionOf(known(...args), NAMES)?.text;

Deno.test("questionOf() asks of the device that a step may be, where the model cannot tell it", () => {
  const alike: DeviceStatus[] = ["confusable_with", "confusable_with", "known"];
  assert.equal(textOf(alike, power(100, 100, 2110, 2110)), "Did kettle just go on?");
  assert.equal(textOf(alike, power(2000, 2000, 100)), "Did iron just go off?");
  assert.equal(textOf(alike, power(100, 100, 140)), undefined, "the lamp is known");
  assert.equal(textOf(alike, power(100, 100, 900)), undefined, "it is none of them");
  assert.equal(textOf(alike, power(100, 2100, ...new Array(7).fill(2100))), undefined, "long ago");
  assert.equal(textOf(["known", "known", "known"], power(100, 2100)), undefined);
  assert.equal(
    questionOf({ seconds: power(1, 100).map((each, second) => ({ ...each, second })) }, [
      "kettle",
    ])?.text,
    "Did kettle just go on?",
    "there is no model yet",
  );
});

Deno.test("questionOf() asks of the device of whose state the model is least sure", () => {
  const all: DeviceStatus[] = ["known", "known", "known"];
  const still = new Array(8).fill([0.7, 0.5, null]);
  assert.equal(textOf(all, found(...still)), "Is iron on now?");
  assert.equal(textOf(all, found([0.05, 0, 0], ...still)), "Is iron on now?");
  const rising = [...new Array(7).fill([0.1, 0, 0]), [0.6, 0.1, 0]];
  assert.equal(textOf(all, found(...rising)), "Did kettle just go on?");
  assert.deepEqual(
    questionOf(known(all, found([1, 0.4, 0], ...new Array(6).fill([0.4, 0, 0]))), NAMES),
    {
      ...{ device: 0, text: "Did kettle just go off?", isOnIfYes: false },
    },
  );
  assert.equal(textOf(all, found([0.9, 0.1, null])), undefined);
  assert.equal(textOf(all, []), undefined);
});
