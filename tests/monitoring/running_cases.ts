/**
 * Cases of alerts about loss, and workers that do not run well. For each alert, series under which it fires and series under which it must not, as promtool's unit
 * tests take them: one value a minute.
 */

export interface AlertCase {
  readonly title: string;
  /** Values by series, in promtool's notation: `5+10x20` is 5, 15, 25 … */
  readonly series: Readonly<Record<string, string>>;
  readonly atMinute: number;
  /** Every alert that fires then. */
  readonly firing: readonly string[];
}

const BRIDGE = 'worker="bridge",instance="b:1"';
const PREDICTIONS = 'worker="predictions",instance="p:1"';
const TRAINING = 'worker="training",instance="t:1"';
const DISAGGREGATION = 'worker="disaggregation",instance="d:1"';

const bridge = (received: string, appended: string) => ({
  [`wattstream_bridge_received_total{kind="power",${BRIDGE}}`]: received,
  [`wattstream_bridge_appended_total{topic="power",${BRIDGE}}`]: appended,
  [`wattstream_bridge_dead_letters_total{reason="invalid",${BRIDGE}}`]: "0x30",
  [`wattstream_bridge_retained_total{${BRIDGE}}`]: "0x30",
  [`wattstream_bridge_other_share_total{${BRIDGE}}`]: "0x30",
  [`wattstream_bridge_dropped_total{reason="spool_full",${BRIDGE}}`]: "0x30",
});
const stream = (read: string, used: string, held: string, labels = TRAINING) => ({
  [`wattstream_records_read_total{${labels}}`]: read,
  [`wattstream_records_taken_over_total{${labels}}`]: "0x30",
  [`wattstream_records_handed_over_total{${labels}}`]: "0x30",
  [`wattstream_records_held{${labels}}`]: held,
  [`wattstream_records_total{outcome="used",${labels}}`]: used,
  [`wattstream_records_total{outcome="lost",${labels}}`]: "0x30",
});

export const RUNNING_CASES: readonly AlertCase[] = [
  {
    title: "the bridge drops messages",
    series: { [`wattstream_bridge_dropped_total{reason="spool_full",${BRIDGE}}`]: "0x10 7x20" },
    atMinute: 12,
    firing: ["WattstreamRecordsLost"],
  },
  {
    title:
      "the log had forgotten records, and the worker was killed before a scrape saw its counter",
    series: {
      'wattstream_task_settled_records{worker="training",instance="t:1",task="0",outcome="lost"}':
        "0x10 _x3",
      'wattstream_task_settled_records{worker="training",instance="t:2",task="0",outcome="lost"}':
        "_x13 9x20",
      [`wattstream_lost_records_total{worker="training",instance="t:2"}`]: "_x13 0x20",
    },
    atMinute: 16,
    firing: ["WattstreamRecordsLost"],
  },
  {
    title: "records that were lost long ago",
    series: {
      [`wattstream_bridge_dropped_total{reason="spool_full",${BRIDGE}}`]: "7x30",
      'wattstream_task_settled_records{worker="training",instance="t:1",task="0",outcome="lost"}':
        "9x30",
    },
    atMinute: 20,
    firing: [],
  },
  {
    title: "a message without an outcome",
    series: bridge("0+10x30", "0+10x5 59+10x24"),
    atMinute: 20,
    firing: ["WattstreamParityBroken"],
  },
  { title: "a bridge at work", series: bridge("0+10x30", "0+10x30"), atMinute: 20, firing: [] },
  {
    title: "a record without an outcome",
    series: stream("0+10x30", "0+9x30", "0+1x9 9x20"),
    atMinute: 20,
    firing: ["WattstreamParityBroken"],
  },
  {
    title: "a worker that holds some of what it reads, killed and started again",
    series: stream("0+10x9 0+10x20", "0+9x9 0+9x20", "0+1x9 0+1x20"),
    atMinute: 20,
    firing: [],
  },
  {
    title: "a session that another client has taken",
    series: { [`wattstream_bridge_session_lost_total{how="taken",${BRIDGE}}`]: "0x10 1x20" },
    atMinute: 15,
    firing: ["WattstreamSessionLost"],
  },
  {
    title: "a session that is kept",
    series: { [`wattstream_bridge_session_lost_total{how="taken",${BRIDGE}}`]: "0x30" },
    atMinute: 15,
    firing: [],
  },
  {
    title: "a worker that does not answer",
    series: { [`up{${BRIDGE}}`]: "1x10 0x20", 'up{worker="prometheus"}': "0x30" },
    atMinute: 14,
    firing: ["WattstreamTargetDown"],
  },
  {
    title: "a worker that is started again within a minute",
    series: { [`up{${BRIDGE}}`]: "1x10 0 1x20" },
    atMinute: 14,
    firing: [],
  },
  {
    title: "three tasks of ten without an owner",
    series: {
      [`wattstream_partitions{${PREDICTIONS}}`]: "10x30",
      [`wattstream_tasks{${PREDICTIONS}}`]: "10x5 7x20",
    },
    atMinute: 12,
    firing: ["WattstreamTaskWithoutOwner"],
  },
  {
    title: "ten tasks on two replicas, handed over within a minute",
    series: {
      [`wattstream_partitions{${PREDICTIONS}}`]: "10x30",
      [`wattstream_tasks{${PREDICTIONS}}`]: "10x5 8 5x20",
      'wattstream_partitions{worker="predictions",instance="p:2"}': "10x30",
      'wattstream_tasks{worker="predictions",instance="p:2"}': "0x6 5x20",
    },
    atMinute: 12,
    firing: [],
  },
  {
    title: "a task that starts again each minute",
    series: { [`wattstream_task_starts_total{task="3",${PREDICTIONS}}`]: "1+1x30" },
    atMinute: 20,
    firing: ["WattstreamRecoveryLoop"],
  },
  {
    title: "a process that dies each three minutes",
    series: { [`process_start_time_seconds{${PREDICTIONS}}`]: "0x3 1x3 2x3 3x3 4x3 5x20" },
    atMinute: 16,
    firing: ["WattstreamRecoveryLoop"],
  },
  {
    title: "a task that has moved once",
    series: {
      [`wattstream_task_starts_total{task="3",${PREDICTIONS}}`]: "1x10 2x20",
      [`process_start_time_seconds{${PREDICTIONS}}`]: "0x10 1x20",
    },
    atMinute: 16,
    firing: [],
  },
  {
    title: "replicas that fence each other",
    series: { [`wattstream_fencings_total{${PREDICTIONS}}`]: "0+1x30" },
    atMinute: 20,
    firing: ["WattstreamFencings"],
  },
  {
    title: "a fencing at a restart",
    series: { [`wattstream_fencings_total{${PREDICTIONS}}`]: "0x10 1x20" },
    atMinute: 16,
    firing: [],
  },
  {
    title: "an event loop that is blocked most of the time",
    series: { [`wattstream_event_loop_delay_seconds_sum{${PREDICTIONS}}`]: "0+40x30" },
    atMinute: 15,
    firing: ["WattstreamEventLoopBlocked"],
  },
  {
    title: "an event loop that is busy",
    series: { [`wattstream_event_loop_delay_seconds_sum{${PREDICTIONS}}`]: "0+10x30" },
    atMinute: 15,
    firing: [],
  },
  {
    title: "a worker that uses nearly all its memory",
    series: {
      [`process_resident_memory_bytes{${PREDICTIONS}}`]: "950x30",
      [`wattstream_memory_limit_bytes{${PREDICTIONS}}`]: "1000x30",
    },
    atMinute: 10,
    firing: ["WattstreamMemoryNearLimit"],
  },
  {
    title: "a worker that uses half its memory",
    series: {
      [`process_resident_memory_bytes{${PREDICTIONS}}`]: "500x30",
      [`wattstream_memory_limit_bytes{${PREDICTIONS}}`]: "1000x30",
    },
    atMinute: 10,
    firing: [],
  },
  {
    title: "a disaggregation worker with which nothing is as it should be",
    series: {
      [`up{${DISAGGREGATION}}`]: "0x30",
      [`wattstream_partitions{${DISAGGREGATION}}`]: "10x30",
      [`wattstream_tasks{${DISAGGREGATION}}`]: "7x30",
      [`wattstream_task_starts_total{task="3",${DISAGGREGATION}}`]: "1+1x30",
      [`wattstream_fencings_total{${DISAGGREGATION}}`]: "0+1x30",
      [`wattstream_task_lag_seconds{task="3",${DISAGGREGATION}}`]: "90x30",
      ...stream("0+10x30", "0+9x30", "0x30", DISAGGREGATION),
    },
    atMinute: 20,
    firing: [
      ...["WattstreamFencings", "WattstreamLagging", "WattstreamParityBroken"],
      ...["WattstreamRecoveryLoop", "WattstreamTargetDown", "WattstreamTaskWithoutOwner"],
    ],
  },
  {
    title: "a disaggregation worker at work",
    series: {
      [`up{${DISAGGREGATION}}`]: "1x30",
      [`wattstream_partitions{${DISAGGREGATION}}`]: "10x30",
      [`wattstream_tasks{${DISAGGREGATION}}`]: "10x30",
      [`wattstream_task_lag_seconds{task="3",${DISAGGREGATION}}`]: "1x30",
      ...stream("0+10x30", "0+10x30", "0x30", DISAGGREGATION),
    },
    atMinute: 20,
    firing: [],
  },
];
