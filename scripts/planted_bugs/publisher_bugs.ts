/** Bugs of the publisher that its law must catch. */
import type { Bug } from "./bug.ts";

const PUBLISHER_LAW = "tests/simulation/publisher_law_test.ts";
const HOUSEHOLD = "workers/publisher/household.ts";
const MEMORY = "workers/publisher/household_memory.ts";

export const PUBLISHER_BUGS: readonly Bug[] = [
  {
    title: "publisher: what is known is not remembered",
    file: HOUSEHOLD,
    code: "this.#sink.remember(this.#name, JSON.stringify(memory));",
    planted: "",
    law: PUBLISHER_LAW,
  },
  {
    title: "publisher: a household that comes back begins at nothing",
    file: HOUSEHOLD,
    code: "memory === undefined ? undefined : decodeMemory(memory)",
    planted: "undefined",
    law: PUBLISHER_LAW,
  },
  {
    title: "publisher: each record is added to what was known at the start",
    file: HOUSEHOLD,
    code: "this.#memory = memory;\n    this.#sink",
    planted: "this.#sink",
    law: PUBLISHER_LAW,
  },
  {
    title: "publisher: watts are counted in whole ones",
    file: MEMORY,
    code: "+ (watts ?? 0)",
    planted: "+ Math.round(watts ?? 0)",
    law: PUBLISHER_LAW,
  },
  {
    title: "publisher: counters end with the devices of the newest second",
    file: MEMORY,
    code: "const energyWs = [...memory.energyWs];",
    planted: "const energyWs = memory.energyWs.slice(0, states.watts.length);",
    law: PUBLISHER_LAW,
  },
  {
    title: "publisher: a new model forgets the counters",
    file: MEMORY,
    code: "return counted({\n    ...memory,\n    model",
    planted: "return counted({\n    ...NOTHING_KNOWN,\n    model",
    law: PUBLISHER_LAW,
  },
  {
    title: "publisher: erased names stay",
    file: HOUSEHOLD,
    code: "this.#memory && withoutNames(memory)",
    planted: "memory",
    law: PUBLISHER_LAW,
  },
  {
    title: "publisher: models need not have the key of their household",
    file: "workers/publisher/core.ts",
    code: "const COMPACTED_INPUTS = [HOUSEHOLD_TOPIC, MODELS_TOPIC];",
    planted: "const COMPACTED_INPUTS: string[] = [];",
    law: PUBLISHER_LAW,
  },
];
