/** What a bridge has of its own, from one process to the next. */
import { brokerAddress } from "../../shared/mqtt/flags.ts";
import { clientIdOf, type ClientIdSource } from "./client_id.ts";
import { SessionRecord } from "./session_record.ts";
import type { Share } from "./share.ts";
import { lockState, statePath, type StatePlace } from "../../shared/spool/state_folder.ts";

/** What decides where the state is. */
export interface StateChoice {
  readonly state?: string | undefined;
  readonly share: Share;
}

/** The folder's name: each share has its own. */
export function stateName({ index, count }: Share): string {
  return count === 1 ? "bridge" : `bridge-${index}-of-${count}`;
}

export interface BridgeState extends Disposable {
  readonly folder: string;
  /** A secret: see `client_id.ts`. */
  readonly clientId: string;
  readonly session: SessionRecord;
}

/**
 * Opens the state, for this process alone until it is disposed of.
 * @throws WattstreamError `config` that names the flag, where it cannot be read or written.
 */
export function openState(
  config: StateChoice & ClientIdSource & { readonly mqtt: string },
  env: StatePlace["env"],
): BridgeState {
  const folder = statePath({ state: config.state, name: stateName(config.share), env });
  const lock = lockState(folder);
  try {
    const clientId = clientIdOf(config, folder);
    const session = new SessionRecord(folder, { broker: brokerAddress(config.mqtt), clientId });
    return { folder, clientId, session, [Symbol.dispose]: () => lock.close() };
  } catch (error) {
    lock.close();
    throw error;
  }
}
