/** What a household under test is made of, and what it finds out. */
import { Arena } from "../bytes/arena.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { ScannedEvent } from "../bytes/scanned_event.ts";
import type { DeviceState, HouseholdIdentity, Reading } from "../events.ts";
import { decodeClosed, encodeClosed } from "../stream/closed_memory.ts";
import type { HouseholdOutput, HouseholdParts, HouseholdSink } from "../stream/household.ts";
import { HouseholdName } from "../stream/household_name.ts";
import type { Outcome } from "../stream/outcomes.ts";

export const IDENTITY = { client_id: "h", username: "u" };

export class RecordingSink implements HouseholdSink {
  /** Texts of the outputs. */
  readonly outputs: string[] = [];
  readonly settled: Partial<Record<Outcome, number>> = {};
  /** How far it remembers that it is closed, s. */
  readonly remembered: number[] = [];
  readonly #writer = new ByteWriter();
  #valueStart = 0;

  emit(_identity: HouseholdIdentity, { value }: HouseholdOutput): void {
    this.outputs.push(typeof value === "string" ? value : new TextDecoder().decode(value));
  }

  begin(name: HouseholdName): ByteWriter {
    this.#writer.clear();
    this.#valueStart = name.keyLength;
    name.write(this.#writer);
    return this.#writer;
  }

  end(): void {
    const { bytes, length } = this.#writer;
    this.outputs.push(new TextDecoder().decode(bytes.subarray(this.#valueStart, length)));
  }

  settle(outcome: Outcome, records: number): void {
    this.settled[outcome] = (this.settled[outcome] ?? 0) + records;
  }

  remember(_identity: HouseholdIdentity, memory: string): void {
    this.remembered.push(decodeClosed(memory));
  }
}

/** The parts of the household of {@link IDENTITY}. */
export function householdParts(sink: HouseholdSink, closedS: number): HouseholdParts {
  const arena = new Arena();
  const name = new HouseholdName(scanned({ ...IDENTITY, timestamp: 0, consumption: 0 }), arena);
  const memory = closedS === -Infinity ? undefined : encodeClosed(closedS);
  return { name, memory, sink, arena };
}

/** An event as the cores take it. */
export function scanned(event: Reading | DeviceState): ScannedEvent {
  const filled = new ScannedEvent();
  filled.fill(event);
  return filled;
}
