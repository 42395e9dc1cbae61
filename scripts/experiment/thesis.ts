/**
 * The figures of the thesis whose evaluation an experiment repeats, as data. Source: the evaluation
 * chapter of the master's thesis on real-time energy disaggregation that this project follows; load
 * and set-up are those of `setUp`, and every figure is as printed there.
 */
export const THESIS = {
  source: "Evaluation chapter of the master's thesis on real-time energy disaggregation",
  setUp:
    "MicroK8s on two VMs of 8 cores and 24 GB; EMQX 5.7, Strimzi Kafka 3.6 and its HTTP bridge, Flink 1.20; MQTT v5, QoS 0; 100 users, 100 more every 5 s up to 4,000, one hour",
  durationS: 3_600,
  users: 4_000,
  eventsIntoBroker: 6_229_902,
  eventsIntoBrokerPerSPeak: 3_874,
  connectionsPeak: 5_280,
  windows: 10_468_098,
  windowsPerS: 2_900,
  datasets: 55_897,
  lost:
    "messages at the Kafka Bridge, and about 0.5 % between the stages of Flink, until both were scaled by hand",
  kafkaInterNodeLatencyMsMax: 445,
  ascendingPct: 100,
  /** Of the two users. */
  labelledPct: [89, 91],
  twoUsers: { windows: [3_596, 3_594], datasets: [33, 25] },
} as const;
