/** A dataset as JSON, behind the names of its household. */
import type { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { memoryOf } from "../../shared/bytes/memory.ts";
import type { FusedSeconds } from "./fused_seconds.ts";

const START = memoryOf(',"session_start":');
const END = memoryOf(',"session_end":');
const TIMESTAMPS = memoryOf(',"timestamps":[');
const CONSUMPTION = memoryOf('],"consumption":[');
const STATE_BITMAPS = memoryOf('],"state_bitmaps":[');
const ALL = memoryOf("]}");

/** Writes the dataset of these seconds. */
export function writeDataset(writer: ByteWriter, seconds: FusedSeconds): void {
  writer.copy(START);
  writer.whole(seconds.startS);
  writer.copy(END);
  writer.whole(seconds.lastS);
  writer.copy(TIMESTAMPS);
  seconds.writeTimestamps(writer);
  writer.copy(CONSUMPTION);
  seconds.writeConsumption(writer);
  writer.copy(STATE_BITMAPS);
  seconds.writeBitmaps(writer);
  writer.copy(ALL);
}
