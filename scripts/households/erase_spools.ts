/**
 * Takes a household out of what bridges and gateways have on disk: the messages in their spools, and
 * what a gateway remembers of it. Each file is replaced as a whole, while its folder is ours.
 */
import { dirname } from "node:path";
import { WattstreamError } from "../../shared/errors.ts";
import { lockFolder } from "../../shared/spool/folder_lock.ts";
import { decodeMessages, encodeMessages } from "../../shared/spool/spool_entry.ts";
import { lockState, writeWhole } from "../../shared/spool/state_folder.ts";
import type { Whose } from "./whose.ts";

/** What a gateway remembers by household: the file, and where in it. */
const GATEWAY_FILES = [["seconds.json", undefined], ["gateway.json", "offsets"]] as const;

/**
 * Erases from the state folder of a bridge or gateway, or from a spool of its own. Returns how many
 * messages are gone.
 * @throws WattstreamError `config` where it is no folder, or a process uses it.
 */
export function eraseFromState(folder: string, whose: Whose): number {
  if (!isFolder(folder)) {
    throw new WattstreamError("config", `Give --state a folder that is there: ${folder} is none`);
  }
  const spools = [...spoolFilesIn(folder)];
  const folders = new Set([folder, ...spools.map((path) => dirname(path))]);
  const locks: Deno.FsFile[] = [];
  try {
    for (const each of folders) {
      locks.push(each === folder ? lockState(each) : lockFolder(each));
    }
    for (const [name, key] of GATEWAY_FILES) forgetIn(`${folder}/${name}`, key, whose);
    return spools.reduce((count, path) => count + eraseFromFile(path, whose), 0);
  } finally {
    for (const lock of locks) lock.close();
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function* spoolFilesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* spoolFilesIn(`${folder}/${name}`);
    else if (name.endsWith(".spool")) yield `${folder}/${name}`;
  }
}

/** A torn end, which no process reads, goes as well. */
function eraseFromFile(path: string, whose: Whose): number {
  const bytes = Deno.readFileSync(path);
  const messages = decodeMessages(bytes);
  const others = messages.filter((message) => !whose.isMessage(message));
  const kept = encodeMessages(others);
  if (kept.length === bytes.length) return 0;
  if (others.length === 0) Deno.removeSync(path);
  else writeWhole(path, kept);
  return messages.length - others.length;
}

function forgetIn(path: string, key: string | undefined, whose: Whose): void {
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const known = (key === undefined ? content : content[key]) as Record<string, unknown>;
  const others = Object.fromEntries(
    // A name alone, or with that of a source.
    Object.entries(known).filter(([name]) => !`${name} `.startsWith(`${whose.name} `)),
  );
  const next = key === undefined ? others : { ...content, [key]: others };
  writeWhole(path, JSON.stringify(next));
}
