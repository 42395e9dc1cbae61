/** Loads of which a share of the records comes with a trace, and a collector for them. */
import type { NewRecord } from "../../shared/log/log.ts";
import type { LoadRecord } from "./household_load.ts";

/** @param share of the records, 0 to 1. */
export function* traced(
  load: Iterable<LoadRecord>,
  share: number,
): Generator<LoadRecord & Pick<NewRecord, "headers">> {
  let due = 0;
  for (const record of load) {
    due += share;
    if (due < 1) yield record;
    else {
      due -= 1;
      yield { ...record, headers: { traceparent: newTrace() } };
    }
  }
}

/** A trace as it stands in a record's header. */
function newTrace(): string {
  const id = crypto.randomUUID().replaceAll("-", "");
  return `00-${id}-${id.slice(16)}-01`;
}

/** A collector that takes traces and keeps nothing. */
export function discardTraces(): AsyncDisposable & { readonly url: string } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      await request.arrayBuffer();
      return Response.json({});
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
