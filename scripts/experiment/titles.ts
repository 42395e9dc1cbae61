/** What the stages are called in the report. */
export const STAGE_TITLES: Readonly<Record<string, string>> = {
  reading_to_window: "Closing reading in the log → window in the log",
  arrival_to_log: "Arrival at the bridge → log",
  log_to_windows: "Reading in the log → committed by predictions",
  log_to_datasets: "Record in the log → committed by training",
  event_to_windows: "Newest event time → windows committed",
};
