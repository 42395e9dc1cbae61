/** The `mosquitto.conf` of a server for development and tests. Pure. */
import type { Certificates } from "./certificates.ts";

export interface MosquittoSettings {
  readonly port: number;
  /** Takes what must outlive a restart. */
  readonly dataFolder: string;
  /** Whether the server is started by root. */
  readonly isRoot: boolean;
  /** File of users and hashed passwords; undefined lets everyone in. */
  readonly passwordPath: string | undefined;
  /** File of an access list. */
  readonly accessListPath: string | undefined;
  readonly certificates: Certificates | undefined;
  /** Further lines, for example `max_queued_messages 10`; the last line of a name wins. */
  readonly extra: string;
}

/** The text of the file. */
export function mosquittoConfig(settings: MosquittoSettings): string {
  const { certificates } = settings;
  return [
    `persistence true`,
    `persistence_location ${settings.dataFolder}/`,
    // The default of 1000 drops messages without a word as soon as a subscriber is slow.
    `max_queued_messages 1000000`,
    `log_dest stdout`,
    `log_timestamp_format %Y-%m-%dT%H:%M:%S`,
    // Root would become the user mosquitto, who may not write here.
    ...(settings.isRoot ? [`user root`] : []),
    `listener ${settings.port} 127.0.0.1`,
    `allow_anonymous ${settings.passwordPath === undefined}`,
    ...lineOf("password_file", settings.passwordPath),
    ...lineOf("acl_file", settings.accessListPath),
    ...lineOf("cafile", certificates?.caPath),
    ...lineOf("certfile", certificates?.certificatePath),
    ...lineOf("keyfile", certificates?.keyPath),
    settings.extra,
    "",
  ].join("\n");
}

function lineOf(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name} ${value}`];
}
