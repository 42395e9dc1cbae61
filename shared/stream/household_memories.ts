/**
 * What is remembered of the households of a task beside the records still held, each a text of its
 * worker's core, and the names under which the task's memory keeps them.
 *
 *   household/["alice","home-1"]   what is remembered of this household
 *   closed/home-1                  the same of a version that knew client ids alone: it holds for the
 *                                  households of this client id, whatever their user
 *
 * The first part tells the two apart, whatever a name is made of; JSON keeps user and client id apart.
 */
import { z } from "zod";
import type { HouseholdIdentity } from "../events.ts";
import { partitionOf } from "../log/partition.ts";

const HOUSEHOLD_PREFIX = "household/";
const CLIENT_ID_PREFIX = "closed/";

const pairSchema = z.tuple([z.string(), z.string()]);

export class HouseholdMemories {
  /** By the name of a memory entry. */
  readonly #texts = new Map<string, string>();

  /** Takes in an entry of the memory; false where its name is not of this program. */
  load(name: string, text: string): boolean {
    if (clientIdOf(name) === undefined) return false;
    this.#texts.set(name, text);
    return true;
  }

  /** What is remembered of a household; undefined where that is nothing. */
  of(identity: HouseholdIdentity): string | undefined {
    return this.#texts.get(entryNameOf(identity)) ??
      this.#texts.get(CLIENT_ID_PREFIX + identity.client_id);
  }

  /**
   * What is remembered of the households of a partition, by the name of its entry: since topics were
   * given more, there can be entries of others.
   */
  *ofPartition(partition: number, partitionCount: number): Generator<[name: string, text: string]> {
    for (const [name, text] of this.#texts) {
      if (partitionOf(clientIdOf(name)!, partitionCount) === partition) yield [name, text];
    }
  }

  /** Remembers a text of a household. Returns the name of its entry in the memory. */
  set(identity: HouseholdIdentity, text: string): string {
    const name = entryNameOf(identity);
    this.#texts.set(name, text);
    return name;
  }
}

function entryNameOf({ username, client_id }: HouseholdIdentity): string {
  // A sum would stay two texts and a third one that joins them.
  return [HOUSEHOLD_PREFIX, JSON.stringify([username, client_id])].join("");
}

/** The client id of the households that an entry is of; undefined where it is none of ours. */
export function clientIdOf(name: string): string | undefined {
  if (name.startsWith(CLIENT_ID_PREFIX)) return name.slice(CLIENT_ID_PREFIX.length);
  return householdOf(name)?.client_id;
}

/** The household that an entry is of; undefined where it is of a client id alone, or none of ours. */
export function householdOf(name: string): HouseholdIdentity | undefined {
  if (!name.startsWith(HOUSEHOLD_PREFIX)) return undefined;
  try {
    const pair = pairSchema.safeParse(JSON.parse(name.slice(HOUSEHOLD_PREFIX.length))).data;
    return pair && { username: pair[0], client_id: pair[1] };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
