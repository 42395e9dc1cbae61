/**
 * The columns of devices: one for each name that a household gives one, `on_kettle`, or for each
 * position where it gives none, `on_device_1`. Every file of an export has the columns of all, so
 * that they can be read as one table; a household has nothing in those that are not its own.
 */
import { WattstreamError } from "../../shared/errors.ts";
import type { Column } from "./tables.ts";

/** More would take each row of the table to several kilobytes. */
const COLUMNS_MAX = 2000;

/** Names of a household's devices, in the order of its bitmaps; undefined where it gave none. */
export type DeviceNames = readonly string[] | undefined;

/** Names of the columns for bitmaps of this length, no two of them equal. */
export function deviceColumnNames(length: number, names: DeviceNames): string[] {
  const taken = new Set<string>();
  return Array.from({ length }, (_, index) => {
    // Names for another number of devices were given before or after these bitmaps.
    const name = names?.length === length ? names[index]! : `device_${index + 1}`;
    let column = `on_${name}`;
    for (let count = 2; taken.has(column); count++) column = `on_${name}_${count}`;
    taken.add(column);
    return column;
  });
}

/** @throws WattstreamError `config` when there are too many for one table. */
export function deviceColumns(names: Iterable<readonly string[]>): Column[] {
  const columns = [...new Set([...names].flat())];
  if (columns.length > COLUMNS_MAX) {
    throw new WattstreamError(
      "config",
      `Export fewer households at once (--household): together they have ${columns.length} ` +
        `names of devices, and a table has at most ${COLUMNS_MAX}`,
    );
  }
  return columns.map((name) => ({
    name,
    type: "boolean",
    description: `whether the device ${
      name.slice("on_".length)
    } is on; nothing where there is none`,
  }));
}
