/** The publisher as the runtime sees it: answers in, nothing out but what it remembers of them. */
import type { ByteRange } from "../../shared/bytes/byte_range.ts";
import { ScannedEvent } from "../../shared/bytes/scanned_event.ts";
import {
  type Decoded,
  decodeEvent,
  type Disaggregated,
  disaggregatedSchema,
  type Household,
  type HouseholdIdentity,
  householdSchema,
  type Model,
  modelSchema,
  textOf,
} from "../../shared/events.ts";
import type { WorkerCore } from "../../shared/stream/household.ts";
import type { RecordPlaces } from "../../shared/log/record_places.ts";
import {
  DISAGGREGATED_TOPIC,
  HOUSEHOLD_TOPIC,
  MODELS_TOPIC,
  PUBLISHER_GROUP,
} from "../../shared/topics.ts";
import { AnsweredHousehold } from "./household.ts";
import { isHouseholdMemory } from "./household_memory.ts";

/** What a record says of a household. */
type Answer =
  | { readonly kind: "second"; readonly states: Disaggregated }
  | { readonly kind: "model"; readonly model: Model }
  | { readonly kind: "names"; readonly household: Household }
  /** The household is erased, or its names are. */
  | { readonly kind: "no_model" | "no_names" };

export type AnswerEvent = Answer & {
  readonly clientId: ByteRange;
  readonly username: ByteRange;
  readonly timestamp: number;
};

/** In the order of topic names, which is that of the merge. */
const INPUTS = [DISAGGREGATED_TOPIC, HOUSEHOLD_TOPIC, MODELS_TOPIC];
const COMPACTED_INPUTS = [HOUSEHOLD_TOPIC, MODELS_TOPIC];

export function publisherCore(): WorkerCore<AnswerEvent> {
  const names = new ScannedEvent();
  return {
    name: PUBLISHER_GROUP,
    inputs: INPUTS,
    compactedInputs: COMPACTED_INPUTS,
    outputTopics: [],
    decode: (input, records, index) => decodeAnswer(INPUTS[input]!, records, index, names),
    isMemory: isHouseholdMemory,
    // A counter goes on with what there is: what is lost closes nothing.
    closedPast: (_second, memory) => memory,
    household: (parts) => new AnsweredHousehold(parts),
  };
}

function decodeAnswer(
  topic: string,
  records: RecordPlaces,
  index: number,
  names: ScannedEvent,
): Decoded<AnswerEvent> {
  const value = records.value(index);
  if (topic === DISAGGREGATED_TOPIC) {
    const decoded = decodeEvent(disaggregatedSchema, value);
    if (!decoded.ok) return decoded;
    const states = decoded.event;
    if (states.on.length !== states.watts.length) {
      return { ok: false, error: "watts: expected as many as on" };
    }
    return answerOf(names, states, states.timestamp, { kind: "second", states });
  }
  const isModel = topic === MODELS_TOPIC;
  if (value === null) {
    const identity = identityOf(records.key(index));
    if (identity === undefined) return { ok: false, error: "key: expected username/client_id" };
    return answerOf(names, identity, 0, { kind: isModel ? "no_model" : "no_names" });
  }
  if (isModel) {
    const decoded = decodeEvent(modelSchema, value);
    if (!decoded.ok) return decoded;
    const model = decoded.event;
    return answerOf(names, model, model.trained_until, { kind: "model", model });
  }
  const decoded = decodeEvent(householdSchema, value);
  if (!decoded.ok) return decoded;
  return answerOf(names, decoded.event, 0, { kind: "names", household: decoded.event });
}

function answerOf(
  names: ScannedEvent,
  { client_id, username }: HouseholdIdentity,
  timestamp: number,
  answer: Answer,
): Decoded<AnswerEvent> {
  names.fill({ client_id, username, timestamp, consumption: 0 });
  const { clientId, username: name } = names;
  return { ok: true, event: { ...answer, clientId, username: name, timestamp } };
}

/** Whose a record without a value is. Neither name has a slash where it came over MQTT. */
function identityOf(key: Uint8Array | null): HouseholdIdentity | undefined {
  const [username, ...rest] = (key && textOf(key))?.split("/") ?? [];
  const client_id = rest.join("/");
  return username && client_id ? { username, client_id } : undefined;
}
