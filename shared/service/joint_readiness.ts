/** The readiness of a process that has several sides, each of which says by itself how it is. */
import { Readiness } from "./http.ts";

class Side extends Readiness {
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    super();
    this.#onChange = onChange;
  }

  override ready(): void {
    super.ready();
    this.#onChange();
  }

  override unready(reason: string): void {
    super.unready(reason);
    this.#onChange();
  }
}

/** `count` sides of `whole`, which is ready while all of them are, and else says why the first is not. */
export function jointReadiness(whole: Readiness, count: number): Readiness[] {
  const sides: Readiness[] = Array.from({ length: count }, () => new Side(show));
  function show(): void {
    const reason = sides.map((side) => side.reason).find((each) => each !== undefined);
    if (reason === undefined) whole.ready();
    else whole.unready(reason);
  }
  return sides;
}
