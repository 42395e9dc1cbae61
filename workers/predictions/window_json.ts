/** A window as JSON, behind the names of its household. */
import type { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import type { HeldReadings } from "./held_readings.ts";

const encoder = new TextEncoder();
const START = encoder.encode(',"window_start":');
const END = encoder.encode(',"window_end":');
const TIMESTAMPS = encoder.encode(',"timestamps":[');
const CONSUMPTION = encoder.encode('],"consumption":[');
const ALL = encoder.encode("]}");

/** The window `[startS, endS)`, and those of the readings that it holds. */
export interface Window {
  readonly startS: number;
  readonly endS: number;
  readonly first: number;
  readonly end: number;
}

/** Writes a window of these readings, at least one. */
export function writeWindow(writer: ByteWriter, readings: HeldReadings, window: Window): void {
  const { startS, endS, first, end } = window;
  writer.copy(START);
  writer.whole(startS);
  writer.copy(END);
  writer.whole(endS);
  writer.copy(TIMESTAMPS);
  readings.writeTimestamps(writer, first, end);
  writer.copy(CONSUMPTION);
  readings.writeConsumption(writer, first, end);
  writer.copy(ALL);
}
