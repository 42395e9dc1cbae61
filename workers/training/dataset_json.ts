/** A dataset as JSON, behind the names of its household. */
import type { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import type { FusedSeconds } from "./fused_seconds.ts";

const encoder = new TextEncoder();
const START = encoder.encode(',"session_start":');
const END = encoder.encode(',"session_end":');
const TIMESTAMPS = encoder.encode(',"timestamps":[');
const CONSUMPTION = encoder.encode('],"consumption":[');
const STATE_BITMAPS = encoder.encode('],"state_bitmaps":[');
const ALL = encoder.encode("]}");

/** Writes the dataset of these seconds, the last of which is `lastS`. */
export function writeDataset(writer: ByteWriter, seconds: FusedSeconds, lastS: number): void {
  writer.copy(START);
  writer.whole(seconds.startS);
  writer.copy(END);
  writer.whole(lastS);
  writer.copy(TIMESTAMPS);
  seconds.writeTimestamps(writer);
  writer.copy(CONSUMPTION);
  seconds.writeConsumption(writer);
  writer.copy(STATE_BITMAPS);
  seconds.writeBitmaps(writer);
  writer.copy(ALL);
}
