/**
 * How far the households of a task are closed, as far as no record still held tells it, and the names
 * under which the task's memory keeps that.
 *
 *   household/["alice","home-1"]   how far this household is closed, s
 *   closed/home-1                  the same of a version that knew client ids alone: whatever their
 *                                  user, households of this client id are closed so far
 *
 * The first part tells the two apart, whatever a name is made of; JSON keeps user and client id apart.
 */
import { z } from "zod";
import type { HouseholdIdentity } from "../events.ts";

const HOUSEHOLD_PREFIX = "household/";
const CLIENT_ID_PREFIX = "closed/";

const pairSchema = z.tuple([z.string(), z.string()]);

export class ClosedHouseholds {
  /** Seconds by the name of a memory entry. */
  readonly #closedS = new Map<string, number>();

  /** Takes in an entry of the memory; false where its name is not of this program. */
  load(name: string, closedS: number): boolean {
    if (!isEntryName(name)) return false;
    this.#closedS.set(name, closedS);
    return true;
  }

  /** How far a household is closed, s; -Infinity where nothing is known of it. */
  of(identity: HouseholdIdentity): number {
    return this.#closedS.get(entryNameOf(identity)) ??
      this.#closedS.get(CLIENT_ID_PREFIX + identity.client_id) ?? -Infinity;
  }

  /** Notes how far a household is closed. Returns the name of its entry in the memory. */
  set(identity: HouseholdIdentity, closedS: number): string {
    const name = entryNameOf(identity);
    this.#closedS.set(name, closedS);
    return name;
  }
}

function entryNameOf({ username, client_id }: HouseholdIdentity): string {
  return HOUSEHOLD_PREFIX + JSON.stringify([username, client_id]);
}

function isEntryName(name: string): boolean {
  if (name.startsWith(CLIENT_ID_PREFIX)) return true;
  if (!name.startsWith(HOUSEHOLD_PREFIX)) return false;
  try {
    return pairSchema.safeParse(JSON.parse(name.slice(HOUSEHOLD_PREFIX.length))).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
