/** The flags of `deno task dead-letters`: one schema a command. */
import { z } from "zod";
import { type DeadLetterReason, deadLetterReasonSchema } from "../../shared/events.ts";
import { DEFAULT_TOPIC_LAYOUT, topicLayoutFlag } from "../../shared/mqtt/topics.ts";
import { flag } from "../../shared/service/config.ts";
import { onePlace, otherLogFlags, placeFlags } from "../log_place.ts";
import { type ChosenFix, FIX_NAMES } from "../../shared/dead_letters/fixes.ts";
import { quoted } from "../../shared/service/secrets.ts";

const REASONS = deadLetterReasonSchema.options;

/** Names from a list, separated by commas. */
function namesOf<const T extends string>(allowed: readonly T[]) {
  return z.string().transform((text, context): T[] => {
    const names = text.split(",").map((name) => name.trim());
    const isAllowed = (name: string): name is T => (allowed as readonly string[]).includes(name);
    const wrong = names.filter((name) => !isAllowed(name));
    if (wrong.length === 0) return names.filter(isAllowed);
    const message = `expected some of ${allowed.join(", ")}, got ${quoted(wrong.join(","))}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

const reason = namesOf(REASONS);

const UNITS_S = { s: 1, m: 60, h: 3600 };

/** Names of fixes, and `shift=-1h`, separated by commas. */
function fixesFlag() {
  return z.string().transform((text, context): ChosenFix[] => {
    const fixes: ChosenFix[] = [];
    for (const part of text.split(",").map((each) => each.trim())) {
      const name = FIX_NAMES.find((each) => each === part);
      const shift = /^shift=([-+]?\d+)([smh])$/.exec(part);
      if (name !== undefined) fixes.push(name);
      else if (shift !== null) {
        fixes.push({ shiftS: Number(shift[1]) * UNITS_S[shift[2] as keyof typeof UNITS_S] });
      } else {
        const message = `expected some of ${FIX_NAMES.join(", ")}, shift=-1h, got ${quoted(part)}`;
        context.addIssue({ code: "custom", message });
        return z.NEVER;
      }
    }
    return fixes;
  });
}

const household = z.string().regex(/^[^/]+\/[^/]+$/, "expected USERNAME/CLIENT_ID").optional();

export const listConfig = onePlace(z.strictObject({
  ...placeFlags,
  by: flag.choice(["kind", "household"]).default("kind").describe(
    "What is counted together: kind, or household, which also says by how much its clock is off",
  ),
  json: flag.boolean().describe("Print one JSON object a kind or household, each on its line"),
  ...otherLogFlags,
}));

export const showConfig = onePlace(z.strictObject({
  ...placeFlags,
  reason: reason.optional().describe(`Only these reasons: ${REASONS.join(", ")}`),
  limit: flag.integer(1).optional().describe("Stop after so many letters"),
  json: flag.boolean().describe("Print one letter a line, as JSON"),
  ...otherLogFlags,
}));

export const replayConfig = onePlace(z.strictObject({
  ...placeFlags,
  reason: reason.optional().describe(
    "Reasons to replay; without it invalid, forged and misplaced, " +
      "with --fix shift=… late and future too",
  ),
  household: household.describe("Only letters of this household, USERNAME/CLIENT_ID"),
  fix: fixesFlag().optional().describe(
    `Mend the payload first: ${FIX_NAMES.join(", ")}, shift=-1h (milliseconds to seconds; ` +
      "numbers out of text; username and client_id from the MQTT topic; " +
      "a clock that is off, give --household with it)",
  ),
  mqttTopics: topicLayoutFlag().prefault(DEFAULT_TOPIC_LAYOUT).describe(
    "Topic layout of the bridge, by which its letters are judged again",
  ),
  dryRun: flag.boolean().describe("Say what would become of the letters, and append nothing"),
  ...otherLogFlags,
}));

/** Those that are named; else what can be right by now, which a clock that is mended adds to. */
export function reasonsOf(
  { reason, fix = [] }: {
    readonly reason?: readonly DeadLetterReason[] | undefined;
    readonly fix?: readonly ChosenFix[] | undefined;
  },
): readonly DeadLetterReason[] {
  if (reason !== undefined) return reason;
  const isShifted = fix.some((each) => typeof each === "object");
  return ["invalid", "forged", "misplaced", ...(isShifted ? ["late", "future"] as const : [])];
}
