/** What the file of households may say. */
import { z } from "zod";
import { PARAMETERS, PRESETS } from "./presets.ts";

const name = z.string().min(1).max(256).regex(/^[^\p{Cc}/+#]+$/u, "expected a name without / + #");
const topic = z.string().min(1).max(1000).regex(/^[^+#\0]*$/, "expected a topic without + #");
const expression = z.string().min(1).max(5000);
const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration such as `500ms`, `15s`, `5m` or `1h`, in ms. */
function duration(maxMs: number) {
  return z.string().transform((text, context) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
    const ms = Number(match?.[1]) * MILLISECONDS[(match?.[2] ?? "s") as keyof typeof MILLISECONDS];
    if (ms > 0 && ms <= maxMs) return ms;
    const message = `expected a duration such as 500ms, 15s, 5m, of at most ${maxMs / 1000}s`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

const parameters = Object.fromEntries(
  PARAMETERS.map((each) => [each, z.union([z.string(), z.number()]).transform(String).optional()]),
) as Record<
  typeof PARAMETERS[number],
  z.ZodOptional<z.ZodPipe<z.ZodUnion<[z.ZodString, z.ZodNumber]>, z.ZodTransform<string>>>
>;

const preset = z.string().refine(
  (text) => Object.hasOwn(PRESETS, text),
  `expected one of ${Object.keys(PRESETS).join(", ")}`,
);

const unit = z.enum(["W", "kW", "Wh", "kWh"]);
const clock = z.enum(["device", "server", "none"]);
const sign = z.literal([1, -1]);

const part = z.strictObject({
  topic,
  watts: expression,
  time: expression.optional(),
  sign: sign.default(1),
});

/** A preset with a topic, one expression of one's own, or several parts that are added. */
export const powerSchema = z.union([
  z.strictObject({
    preset,
    topic,
    ...parameters,
    unit: unit.optional(),
    sign: sign.default(1),
    clock: clock.optional(),
    within: duration(60_000).prefault("500ms"),
  }),
  z.strictObject({
    topic,
    watts: expression,
    time: expression.optional(),
    unit: unit.default("W"),
    sign: sign.default(1),
    clock: clock.default("device"),
  }),
  z.strictObject({
    parts: z.array(part).min(2).max(12),
    unit: unit.default("W"),
    sign: sign.default(1),
    clock: clock.default("device"),
    within: duration(60_000).prefault("500ms"),
  }),
]);

const deviceCommon = {
  name,
  threshold: z.number().min(0).max(1e6).default(5),
  "max-age": duration(24 * 3_600_000).prefault("30s"),
  by: z.enum(["watts", "switch"]).optional(),
  "says-changes": z.boolean().optional(),
  /** What it draws when it is on, W, where that is known. */
  watts_on: z.number().min(0).optional(),
};

export const deviceSchema = z.union([
  z.strictObject({ ...deviceCommon, preset, topic, ...parameters, unit: unit.optional() }),
  z.strictObject({
    ...deviceCommon,
    topic,
    watts: expression.optional(),
    on: expression.optional(),
    online: expression.optional(),
    unit: unit.default("W"),
  }).refine(
    ({ watts, on }) => (watts ?? on) !== undefined,
    "expected watts or on, an expression for it",
  ),
]);

const household = z.strictObject({
  user: name,
  password: z.string().min(1).optional(),
  "password-file": z.string().min(1).optional(),
  client_id: name,
  "label-delay": duration(600_000).prefault("4s"),
  power: powerSchema,
  devices: z.array(deviceSchema).max(256).default([]),
}).refine(
  (each) => each.password === undefined || each["password-file"] === undefined,
  { message: "leave out password or password-file, both are given", path: ["password-file"] },
);

export const householdsSchema = z.strictObject({ households: z.array(household).min(1).max(1000) });

export type HouseholdEntry = z.output<typeof household>;
export type PowerSource = HouseholdEntry["power"];
export type DeviceEntry = HouseholdEntry["devices"][number];
