/** What a recording is, whatever file or folder it stands in. */

/** One row as it stands. */
export interface Row {
  /** Whole seconds of the recording's own clock. */
  readonly fileS: number;
  /** Undefined where the recording has no value. */
  readonly powerW: number | undefined;
  /** In the order of the devices; undefined where it is not known of each of them. */
  readonly stateBitmap: boolean[] | undefined;
  /** What each device drew, undefined where that is not known; with `withWatts`, of a table. */
  readonly devicesW?: readonly (number | undefined)[];
  /** Its time is a local one without a zone: at the end of summer time an hour comes twice. */
  readonly isLocal: boolean;
  /** Where it stands, for errors: a line of the file. */
  readonly line: number;
}

/** The recording of one household. */
export interface Recording {
  readonly path: string;
  /** Its name, which is the client id. */
  readonly household: string;
  /** What the places of its states stand for, in order. */
  readonly devices: readonly string[];
  /** What is taken for what, to be said: columns or channels. */
  readonly taken: Readonly<Record<string, string | readonly string[]>>;
  /**
   * All rows, from the first one on, whenever it is called; in constant memory.
   * @throws WattstreamError `config` that says where something is wrong.
   */
  rows(): AsyncIterable<Row>;
}

/** What says which columns are meant, where their names do not. */
export interface ColumnChoice {
  readonly timeColumn?: string | undefined;
  readonly powerColumn?: string | undefined;
  readonly deviceColumns?: readonly string[] | undefined;
  /** A device is on above so many watts, where its watts are recorded and not its state. */
  readonly onThreshold: number;
  /** Whether to read what each device drew, beside its state. Default: false. */
  readonly withWatts?: boolean;
}

/** One sample to publish. */
export interface Sample {
  readonly fileS: number;
  readonly powerW: number;
  /** Empty where the states are not known. */
  readonly stateBitmap: boolean[];
  /** See {@link Row.devicesW}. */
  readonly devicesW?: readonly (number | undefined)[];
}

/** States that an event may have. */
export const DEVICES_MAX = 256;
