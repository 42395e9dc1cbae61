/**
 * The bridge's name at the broker. Whoever connects under it takes the bridge's session, and with it
 * the messages that the broker keeps: it is a secret, made once and kept, or given from a secret.
 */
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { whyUnreadable } from "../../shared/service/secrets.ts";
import { writeWhole } from "../../shared/spool/state_folder.ts";

const ID_BYTES = 16;
const FILE_NAME = "client-id";
/** Of an id that is given: one that is shorter can be guessed. */
const GUESSABLE_LENGTH = 16;

/** Where the id comes from: at most one of the flags, or else the state folder. */
export interface ClientIdSource {
  readonly clientId?: string | undefined;
  readonly clientIdFile?: string | undefined;
}

/**
 * The id that is given, or else the one that is kept in the state folder, where it is made if there
 * is none.
 * @throws WattstreamError `config` when a file cannot be read or written, or holds no id.
 */
export function clientIdOf(
  { clientId, clientIdFile }: ClientIdSource,
  stateFolder: string,
): string {
  if (clientId !== undefined) return clientId;
  if (clientIdFile !== undefined) return readId("--client-id-file", clientIdFile);
  return keptClientId(stateFolder);
}

/** The id that this state folder keeps. @throws see {@link clientIdOf}. */
export function keptClientId(stateFolder: string): string {
  const path = `${stateFolder}/${FILE_NAME}`;
  if (!exists(path)) writeWhole(path, `${newClientId()}\n`);
  return readId("--state", path);
}

/** 128 random bits, with a beginning by which a person knows whose it is. */
export function newClientId(): string {
  return `wattstream-${crypto.getRandomValues(new Uint8Array(ID_BYTES)).toHex()}`;
}

/** As much of an id as may be told: too little to guess the rest. */
export function shortClientId(clientId: string): string {
  return `${clientId.slice(0, Math.floor(clientId.length / 3))}…`;
}

/** Whether somebody may come upon this id by trying. */
export function isGuessable(clientId: string): boolean {
  return clientId.length < GUESSABLE_LENGTH;
}

function readId(flag: string, path: string): string {
  let text: string;
  try {
    text = Deno.readTextFileSync(path).trim();
  } catch (cause) {
    throw new WattstreamError("config", `Give ${flag} a readable file: ${whyUnreadable(cause)}`, {
      cause,
    });
  }
  if (text !== "" && !/\s/.test(text)) return text;
  throw new WattstreamError(
    "config",
    `Put one client id into ${path} (${flag}), and nothing else`,
  );
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new WattstreamError("config", `Give --state a folder of its own: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
