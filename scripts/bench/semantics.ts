/** The semantics of the benchmarks: the defaults, but full windows only, as the peers emit them. */
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";

export const BENCH_SEMANTICS = { ...DEFAULT_SEMANTICS, minReadings: 15 };
