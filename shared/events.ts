/**
 * Every event of Wattstream: the zod schemas, the types inferred from them, and the way to and from
 * bytes. Nothing else in the repository declares an event. MQTT payloads and log values are JSON.
 */
import { z } from "zod";

/** Seconds from here on (year 5138) are plainly milliseconds: the year 1973 in that unit. */
const TIMESTAMP_S_MAX = 1e11;

/** Event time in whole Unix seconds; a fraction is floored. */
const timestamp = z.number()
  .min(0)
  .max(TIMESTAMP_S_MAX, "expected Unix seconds, this is plainly milliseconds")
  .transform(Math.floor);

const name = z.string().min(1).max(256);
/** A name that a stranger chose: it reaches terminals and logs. */
const plainName = name.regex(/^\P{Cc}*$/u, "expected no control characters");
const wholeSecond = z.int().min(0);
const amount = z.number().min(0);
/** Where people see a device, the lowest first; without it at its position, which stays what it is. */
const place = z.int().min(0).max(255).optional();
const identity = { client_id: name, username: name };
const stateBitmap = z.array(z.boolean()).min(1).max(256);

/** A household: the same `client_id` of two users is two of them. */
export interface HouseholdIdentity {
  readonly client_id: string;
  readonly username: string;
}

/** One value of total power of one household, W; negative while it exports. Topic `power`. */
export const readingSchema = z.object({ ...identity, timestamp, consumption: z.number() });
export type Reading = z.infer<typeof readingSchema>;

/** Which devices of a household are on at one second. Topic `device-state`. */
export const deviceStateSchema = z.object({ ...identity, timestamp, state_bitmap: stateBitmap });
export type DeviceState = z.infer<typeof deviceStateSchema>;

/**
 * The same as they come over MQTT, where a device without a clock may leave its timestamp out, or say
 * `null`, and where names have no control characters.
 */
const message = { client_id: plainName, username: plainName, timestamp: timestamp.nullish() };
export const readingMessageSchema = readingSchema.extend(message);
export const deviceStateMessageSchema = deviceStateSchema.extend(message);

/**
 * What the positions of a household's `state_bitmap` stand for, in order, and the watts of each device
 * where they are known. The newest one counts. Topic `household`, key `username/client_id`.
 */
export const householdSchema = z.object({
  ...{ client_id: plainName, username: plainName },
  devices: z.array(z.object({ name: plainName, watts: amount.optional(), place })).min(1).max(256),
});
export type Household = z.infer<typeof householdSchema>;

/** The readings of one household in `[window_start, window_end)`, ascending. Topic `predictions`. */
export const predictionWindowSchema = z.object({
  ...identity,
  window_start: wholeSecond,
  window_end: wholeSecond,
  timestamps: z.array(wholeSecond),
  consumption: z.array(z.number()),
});
export type PredictionWindow = z.infer<typeof predictionWindowSchema>;

/**
 * A labelled stretch of one household: `session_start` and `session_end` are its first and last
 * fused second, both inclusive; the three lists are parallel and ascending, and its bitmaps all have
 * one length. Topic `dataset2train`.
 */
export const trainingDatasetSchema = z.object({
  ...identity,
  session_start: wholeSecond,
  session_end: wholeSecond,
  timestamps: z.array(wholeSecond),
  consumption: z.array(z.number()),
  state_bitmaps: z.array(stateBitmap),
});
export type TrainingDataset = z.infer<typeof trainingDatasetSchema>;

/** Why a household's device can be told, or cannot, from the power. */
export const deviceStatusSchema = z.enum([
  "known",
  /** The labels do not tell its watts yet. */
  "learning",
  /** One of these in all labels; the watts of the first are part of the base load. */
  "always_on",
  "never_on",
  /** Another takes as much, or always switches with it. */
  "confusable_with",
  /** It takes too little to be seen in what else varies. */
  "below_noise",
  /** Nothing was heard of it for so long that its labels no longer count. */
  "stale",
]);
export type DeviceStatus = z.infer<typeof deviceStatusSchema>;

const probability = z.number().min(0).max(1);

/**
 * What has been learned of a household's devices: all that {@link disaggregatedSchema} follows from.
 * The newest one counts. Topic `models`, key `username/client_id`.
 */
export const modelSchema = z.object({
  ...identity,
  /** One more with each dataset learned. */
  version: z.int().min(1),
  ...{ trained_until: wholeSecond, labelled_seconds: wholeSecond },
  /** In the order of `state_bitmap`. */
  devices: z.array(z.object({
    status: deviceStatusSchema,
    watts: amount,
    /** Standard deviation to which its watts are known, W. */
    watts_deviation: amount,
    /** With `confusable_with`: the positions of the others. */
    confusable_with: z.array(z.int().min(0)).optional(),
  })).min(1).max(256),
  /** Power P, in W, is the sum of watts less `sag` · (P in kW)²: it lowers the voltage. Without it 0. */
  ...{ base: z.number(), sag: amount.optional() },
  /** Devices that changed; in one column those that did so together. W, W², the share of changes. */
  columns: z.array(z.object({
    devices: z.array(z.int().min(0)).min(1),
    ...{ watts: amount, variance: amount, on_rate: probability },
  })),
  /** Variance of the power beside that of the columns, W², and of it what is new in each reading. */
  base_variance: z.number().positive(),
  new_variance: z.number().positive(),
  /** Of the columns' watts, the base and `sag`: the lower triangle, or of many only the diagonal. */
  covariance: z.array(z.number()),
  /** Vectors seen: a character a device; entries; how long, s; levels of power, variance, share. */
  vectors: z.array(z.object({
    ...{ bits: z.string(), entries: amount, seconds: amount },
    levels: z.array(z.tuple([z.number(), z.number().positive(), probability])),
  })),
  /** Probability that the next vector is none of them; changes of vector a second. */
  unseen: probability,
  change_rate: z.number().positive(),
  /** How often something is on that nobody declares, and its mean, W. */
  undeclared: z.object({ rate: probability, watts: z.number().positive() }),
  /** How well labels were predicted before they were learned, the newest above all. */
  score: z.object({
    /** Means: -ln of the probability given to what was declared; how far off probabilities are. */
    ...{ seconds: amount, log_loss: amount, micro_f1: probability },
    calibration_error: probability,
    /** Of each device; null where it was neither on nor predicted. */
    f1: z.array(probability.nullable()),
  }).optional(),
});
export type Model = z.infer<typeof modelSchema>;

/**
 * What each device of a household takes at one second: the probability that it is on and its expected
 * watts, in the order of `state_bitmap`, null where its model's status says that it cannot be told;
 * `unexplained` is the rest of `consumption`, the base load included. Topic `disaggregated`.
 */
export const disaggregatedSchema = z.object({
  ...identity,
  timestamp: wholeSecond,
  consumption: z.number(),
  on: z.array(probability.nullable()),
  watts: z.array(z.number().min(0).nullable()),
  unexplained: z.number(),
  /** Devices that cannot be told apart: how many of them are on, and what they take together. */
  groups: z.array(z.object({
    devices: z.array(z.int().min(0)).min(2),
    ...{ on: amount, watts: amount },
  })).optional(),
  model_version: z.int().min(1),
});
export type Disaggregated = z.infer<typeof disaggregatedSchema>;

/** Why an input was refused. */
export const deadLetterReasonSchema = z.enum([
  /** Not JSON, a field missing or wrong, an unknown topic. */
  "invalid",
  /** The payload names another user or household than its MQTT topic. */
  "forged",
  /** Its key belongs to another partition: the producer uses another partitioner. */
  "misplaced",
  /** Its event time is further ahead of its append time than `max-ahead`. */
  "future",
  /** All it could have joined is closed. */
  "late",
]);
export type DeadLetterReason = z.infer<typeof deadLetterReasonSchema>;

/** An input that was refused, exactly as it came. Topic `dead-letter`. */
export const deadLetterSchema = z.object({
  reason: deadLetterReasonSchema,
  /** The worker that refused it. */
  source: z.string(),
  /** What was wrong, in at most 300 characters: see {@link encodeDeadLetter}. */
  error: z.string(),
  /** MQTT or log topic it came from; with partition and offset where that is the log. */
  topic: z.string(),
  partition: z.int().optional(),
  offset: z.int().optional(),
  /** The payload as text, or as base64 where it is not UTF-8 (then `payload_encoding` says so). */
  payload: z.string(),
  payload_encoding: z.literal("base64").optional(),
  /** Milliseconds since 1970: arrival at the bridge, append time for a record of the log. */
  received_at: z.int(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** A decoded event, or what is wrong with the bytes, naming the field. */
export type Decoded<T> =
  | { readonly ok: true; readonly event: T }
  | { readonly ok: false; readonly error: string };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of `bytes`, or undefined where they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Reads one event from its JSON bytes. Never throws: what is wrong is in the result. */
export function decodeEvent<T>(schema: z.ZodType<T>, bytes: Uint8Array | null): Decoded<T> {
  if (bytes === null) return { ok: false, error: "the record has no value" };
  const json = decodeJson(bytes);
  return json.ok ? eventOfJson(schema, json.event) : json;
}

/** Reads the JSON in these bytes. Never throws. */
export function decodeJson(bytes: Uint8Array): Decoded<unknown> {
  const text = textOf(bytes);
  if (text === undefined) return { ok: false, error: "the payload is not UTF-8" };
  try {
    return { ok: true, event: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return { ok: false, error: `the payload is not JSON: ${error.message}` };
    }
    throw error;
  }
}

/** The event in what was read as JSON. Never throws. */
export function eventOfJson<T>(schema: z.ZodType<T>, json: unknown): Decoded<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, event: parsed.data };
  const problems = parsed.error.issues.map((issue) =>
    `${issue.path.join(".") || "payload"}: ${issue.message}`
  );
  return { ok: false, error: problems.join("; ") };
}

/** The JSON text of an event. */
export function encodeEvent(
  event: Reading | DeviceState | Household | PredictionWindow | TrainingDataset,
): string {
  return JSON.stringify(event);
}

/** Characters (UTF-16 code units) of a dead letter's error; a bitmap can have a problem a place. */
export const ERROR_LENGTH_MAX = 300;

/**
 * The JSON text of a dead letter about an input of these bytes. Its error is cut: it may quote the
 * input, which the letter holds anyway.
 */
export function encodeDeadLetter(
  { reason, source, error, ...place }: Omit<DeadLetter, "payload" | "payload_encoding">,
  input: Uint8Array | null,
): string {
  const { received_at, ...origin } = place;
  const letter: DeadLetter = {
    ...{ reason, source, error: shortened(error, ERROR_LENGTH_MAX) },
    ...origin,
    ...deadLetterPayload(input),
    received_at,
  };
  return JSON.stringify(letter);
}

/** The text, or its beginning and `…`: at most `lengthMax` UTF-16 code units, no pair cut in two. */
export function shortened(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const end = lengthMax - 1;
  const isWithinPair = /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(end - 1, end + 1));
  return `${text.slice(0, isWithinPair ? end - 1 : end)}…`;
}

/** The payload fields of a dead letter for these bytes, which it keeps without loss. */
export function deadLetterPayload(
  bytes: Uint8Array | null,
): Pick<DeadLetter, "payload" | "payload_encoding"> {
  if (bytes === null) return { payload: "" };
  const text = textOf(bytes);
  if (text !== undefined) return { payload: text };
  return { payload: bytes.toBase64(), payload_encoding: "base64" };
}
