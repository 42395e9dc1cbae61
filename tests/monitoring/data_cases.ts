/** Cases of alerts about lag, the bridge, and what meters send. */
import type { AlertCase } from "./running_cases.ts";

const BRIDGE = 'worker="bridge",instance="b:1"';
const PREDICTIONS = 'worker="predictions",instance="p:1"';
const DISAGGREGATION = 'worker="disaggregation",instance="d:1"';
const TRAINING = 'worker="training",instance="t:1"';

const late = (perMinute: number) => ({
  [`wattstream_records_total{outcome="used",${TRAINING}}`]: "0+1000x30",
  [`wattstream_records_total{outcome="late",${TRAINING}}`]: `0+${perMinute}x30`,
});
const tasks = (values: readonly string[]) =>
  Object.fromEntries(
    values.map((value, task) => [
      `wattstream_task_read_records_total{task="${task}",${PREDICTIONS}}`,
      value,
    ]),
  );

export const DATA_CASES: readonly AlertCase[] = [
  {
    title: "a task that is two minutes behind",
    series: {
      [`wattstream_task_lag_seconds{task="0",${PREDICTIONS}}`]: "0x30",
      [`wattstream_task_lag_seconds{task="1",${PREDICTIONS}}`]: "120x30",
    },
    atMinute: 10,
    firing: ["WattstreamLagging"],
  },
  {
    title: "a task that has caught up within minutes",
    series: { [`wattstream_task_lag_seconds{task="1",${PREDICTIONS}}`]: "120x3 0x30" },
    atMinute: 10,
    firing: [],
  },
  {
    title: "commits of five seconds",
    series: {
      [`wattstream_commit_seconds_bucket{le="2.5",${PREDICTIONS}}`]: "0x30",
      [`wattstream_commit_seconds_bucket{le="5",${PREDICTIONS}}`]: "0+10x30",
      [`wattstream_commit_seconds_bucket{le="+Inf",${PREDICTIONS}}`]: "0+10x30",
    },
    atMinute: 15,
    firing: ["WattstreamLogSlow"],
  },
  {
    title: "appends of five seconds",
    series: {
      [`wattstream_bridge_append_seconds_bucket{le="2.5",${BRIDGE}}`]: "0x30",
      [`wattstream_bridge_append_seconds_bucket{le="5",${BRIDGE}}`]: "0+10x30",
      [`wattstream_bridge_append_seconds_bucket{le="+Inf",${BRIDGE}}`]: "0+10x30",
    },
    atMinute: 15,
    firing: ["WattstreamLogSlow"],
  },
  {
    title: "commits of milliseconds",
    series: {
      [`wattstream_commit_seconds_bucket{le="0.01",${PREDICTIONS}}`]: "0+10x30",
      [`wattstream_commit_seconds_bucket{le="+Inf",${PREDICTIONS}}`]: "0+10x30",
    },
    atMinute: 15,
    firing: [],
  },
  {
    title: "records that come while event time stands",
    series: {
      ...tasks(["0+60x30"]),
      [`wattstream_task_newest_event_seconds{task="0",${PREDICTIONS}}`]: "1000x30",
    },
    atMinute: 15,
    firing: ["WattstreamWatermarkStuck"],
  },
  {
    title: "event time that runs, and a task that is quiet",
    series: {
      ...tasks(["0+60x30", "60x30"]),
      [`wattstream_task_newest_event_seconds{task="0",${PREDICTIONS}}`]: "1000+60x30",
      [`wattstream_task_newest_event_seconds{task="1",${PREDICTIONS}}`]: "1000x30",
    },
    atMinute: 15,
    firing: [],
  },
  {
    title: "one task of three with nearly all of the load",
    series: {
      ...tasks(["0+60000x40", "0+600x40", "0+600x40"]),
      [`wattstream_records_read_total{${PREDICTIONS}}`]: "0+61200x40",
    },
    atMinute: 25,
    firing: ["WattstreamSkew"],
  },
  {
    title: "an even load, and one that is too small to matter",
    series: {
      ...tasks(["0+60x40", "0+1x40", "0+1x40"]),
      [`wattstream_records_read_total{${PREDICTIONS}}`]: "0+62x40",
    },
    atMinute: 25,
    firing: [],
  },
  {
    title: "a bridge without a broker",
    series: { [`wattstream_bridge_connected{${BRIDGE}}`]: "1x5 0x20" },
    atMinute: 10,
    firing: ["WattstreamBridgeDisconnected"],
  },
  {
    title: "a bridge that was without a broker for a moment",
    series: { [`wattstream_bridge_connected{${BRIDGE}}`]: "1x5 0 1x20" },
    atMinute: 10,
    firing: [],
  },
  {
    title: "a spool that is more than half full",
    series: {
      [`wattstream_bridge_spool_bytes{${BRIDGE}}`]: "0+10x30",
      [`wattstream_bridge_spool_max_bytes{${BRIDGE}}`]: "100x30",
    },
    atMinute: 9,
    firing: ["WattstreamSpoolFilling"],
  },
  {
    title: "a spool with room, and no spool",
    series: {
      [`wattstream_bridge_spool_bytes{${BRIDGE}}`]: "40x30",
      [`wattstream_bridge_spool_max_bytes{${BRIDGE}}`]: "100x30",
      'wattstream_bridge_spool_bytes{worker="bridge",instance="b:2"}': "0x30",
      'wattstream_bridge_spool_max_bytes{worker="bridge",instance="b:2"}': "0x30",
    },
    atMinute: 9,
    firing: [],
  },
  {
    title: "a spool that is used for minutes",
    series: { [`wattstream_bridge_spool_messages{${BRIDGE}}`]: "0x5 100x30" },
    atMinute: 20,
    firing: ["WattstreamSpoolNotDraining"],
  },
  {
    title: "a spool that is emptied",
    series: { [`wattstream_bridge_spool_messages{${BRIDGE}}`]: "0x5 100x3 0x30" },
    atMinute: 20,
    firing: [],
  },
  {
    title: "acknowledgements that do not go out",
    series: {
      [`wattstream_bridge_unacknowledged{${BRIDGE}}`]: "0x5 100x30",
      [`wattstream_bridge_received_total{kind="power",${BRIDGE}}`]: "0+10x5 50x30",
    },
    atMinute: 15,
    firing: ["WattstreamAcknowledgementsStuck"],
  },
  {
    title: "acknowledgements that wait while others go out",
    series: {
      [`wattstream_bridge_unacknowledged{${BRIDGE}}`]: "100x30",
      [`wattstream_bridge_received_total{kind="power",${BRIDGE}}`]: "0+10x30",
    },
    atMinute: 15,
    firing: [],
  },
  {
    title: "two households that are silent",
    series: { [`wattstream_households{${PREDICTIONS}}`]: "20x10 18x30" },
    atMinute: 20,
    firing: ["WattstreamHouseholdSilent"],
  },
  {
    title: "households that move to another replica, and new ones",
    series: {
      [`wattstream_households{${PREDICTIONS}}`]: "20x10 0x2 10x30",
      'wattstream_households{worker="predictions",instance="p:2"}': "0x12 12x30",
    },
    atMinute: 20,
    firing: [],
  },
  { title: "many late records", series: late(20), atMinute: 20, firing: ["WattstreamLateShare"] },
  { title: "few late records", series: late(5), atMinute: 20, firing: [] },
  {
    title: "garbage by MQTT",
    series: { [`wattstream_bridge_dead_letters_total{reason="invalid",${BRIDGE}}`]: "0x10 3x20" },
    atMinute: 12,
    firing: ["WattstreamDeadLetters"],
  },
  {
    title: "garbage in the log",
    series: { [`wattstream_records_total{outcome="invalid",${TRAINING}}`]: "0x10 3x20" },
    atMinute: 12,
    firing: ["WattstreamDeadLetters"],
  },
  {
    title: "garbage of long ago",
    series: {
      [`wattstream_bridge_dead_letters_total{reason="invalid",${BRIDGE}}`]: "3x30",
      [`wattstream_records_total{outcome="invalid",${TRAINING}}`]: "3x30",
    },
    atMinute: 12,
    firing: [],
  },
  {
    title: "a meter whose clock is ahead",
    series: { [`wattstream_records_total{outcome="future",${TRAINING}}`]: "0x10 3x20" },
    atMinute: 12,
    firing: ["WattstreamClockWrong"],
  },
  {
    title: "brokers whose clocks differ",
    series: { [`wattstream_merge_violations_total{${TRAINING}}`]: "0x10 1x20" },
    atMinute: 12,
    firing: ["WattstreamClockWrong"],
  },
  {
    title: "clocks that are right",
    series: {
      [`wattstream_records_total{outcome="future",${TRAINING}}`]: "0x30",
      [`wattstream_merge_violations_total{${TRAINING}}`]: "0x30",
    },
    atMinute: 12,
    firing: [],
  },
  {
    title: "models of which most foretell badly",
    series: {
      [`wattstream_model_micro_f1_bucket{le="0.5",${DISAGGREGATION}}`]: "0+6x90",
      [`wattstream_model_micro_f1_count{${DISAGGREGATION}}`]: "0+10x90",
    },
    atMinute: 60,
    firing: ["WattstreamModelsBad"],
  },
  {
    title: "models of which some foretell badly",
    series: {
      [`wattstream_model_micro_f1_bucket{le="0.5",${DISAGGREGATION}}`]: "0+4x90",
      [`wattstream_model_micro_f1_count{${DISAGGREGATION}}`]: "0+10x90",
    },
    atMinute: 60,
    firing: [],
  },
];
