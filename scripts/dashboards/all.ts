/** Every dashboard, and where their files are. */
import { fileURLToPath } from "node:url";
import { OTHERS } from "./others.ts";
import { OURS } from "./ours.ts";
import type { Dashboard } from "./panel.ts";
import { OF_STREAM } from "./stream.ts";

export const DASHBOARDS: readonly Dashboard[] = [...OURS, ...OF_STREAM, ...OTHERS];

const FOLDER = new URL("../../deploy/components/monitoring/dashboards/", import.meta.url);

/** The file of a dashboard. */
export function fileOf({ name }: Dashboard): string {
  return fileURLToPath(new URL(`${name}.json`, FOLDER));
}
