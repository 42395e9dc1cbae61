/**
 * The columns of devices: one for each name that a household gives one, `on_kettle`, or for each
 * position where it gives none, `on_device_1`. Every file of an export has the columns of all, so
 * that they can be read as one table; a household has nothing in those that are not its own.
 */
import { WattstreamError } from "../errors.ts";
import type { Column, DeviceColumn } from "./tables.ts";

/** More would take each row of the table to several kilobytes. */
const COLUMNS_MAX = 2000;

/** Names of a household's devices, in the order of its bitmaps; undefined where it gave none. */
export type GivenNames = readonly string[] | undefined;

/** Names for so many devices, no two of them equal. */
export function deviceNames(count: number, given: GivenNames): string[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    // Names for another number of devices were given before or after these bitmaps.
    const name = given?.length === count ? given[index]! : `device_${index + 1}`;
    let unique = name;
    for (let count = 2; taken.has(unique); count++) unique = `${name}_${count}`;
    taken.add(unique);
    return unique;
  });
}

/** The column of a device. */
export function deviceColumnName({ prefix }: DeviceColumn, device: string): string {
  return `${prefix}_${device}`;
}

/** @throws WattstreamError `config` when there are too many for one table. */
export function columnsOf(
  households: Iterable<readonly string[]>,
  kinds: readonly DeviceColumn[],
): Column[] {
  const devices = [...new Set([...households].flat())];
  const count = devices.length * kinds.length;
  if (count > COLUMNS_MAX) {
    throw new WattstreamError(
      "config",
      `Export fewer households at once (--household): together they have ${devices.length} ` +
        `names of devices, ${count} columns, and a table has at most ${COLUMNS_MAX}`,
    );
  }
  return devices.flatMap((device) =>
    kinds.map((kind) => ({
      name: deviceColumnName(kind, device),
      type: kind.type,
      ...(kind.unit !== undefined && { unit: kind.unit }),
      description: `device ${device}: ${kind.description}; nothing where there is none`,
      isOptional: true,
    }))
  );
}
