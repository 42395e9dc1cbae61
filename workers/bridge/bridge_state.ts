/** What a bridge has of its own, from one process to the next. */
import { brokerAddress } from "../../shared/mqtt/flags.ts";
import { clientIdOf, type ClientIdSource } from "./client_id.ts";
import { SessionRecord } from "./session_record.ts";
import { lockState, statePath, type StatePlace } from "./state_folder.ts";

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
  config: Omit<StatePlace, "env"> & ClientIdSource & { readonly mqtt: string },
  env: StatePlace["env"],
): BridgeState {
  const folder = statePath({ ...config, env });
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
