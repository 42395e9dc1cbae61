/** The newest dead letters, for the page. */
import { type DeadLetter, deadLetterSchema, decodeEvent } from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { DEAD_LETTER_TOPIC } from "../../../shared/topics.ts";
import { readNewest } from "../server/read_newest.ts";

const LETTERS_MAX = 50;
/** Of a payload, characters that are shown. */
const PAYLOAD_MAX = 2000;

/** The newest first. */
export async function newestDeadLetters(log: Log): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  const records = await readNewest(log, { topic: DEAD_LETTER_TOPIC, count: LETTERS_MAX });
  for (const { value } of records) {
    const decoded = decodeEvent(deadLetterSchema, value);
    if (!decoded.ok) continue;
    letters.push({ ...decoded.event, payload: decoded.event.payload.slice(0, PAYLOAD_MAX) });
  }
  return letters.sort((a, b) => b.received_at - a.received_at).slice(0, LETTERS_MAX);
}
