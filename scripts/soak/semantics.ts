/** The semantics of campaigns: the defaults, but short stretches are datasets, so that there are many. */
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";

export const SOAK_SEMANTICS = { ...DEFAULT_SEMANTICS, minDurationS: 5 };
