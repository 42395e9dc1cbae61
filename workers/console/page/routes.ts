/** Where one is: what stands behind the `#` of the address. */
import { useEffect, useState } from "preact/hooks";
import type { HouseholdIdentity } from "../../../shared/events.ts";

export type Route =
  | { readonly page: "system" | "households" }
  | { readonly page: "household" | "label"; readonly household: HouseholdIdentity };

export function routeOf(hash: string): Route {
  const [page, ...names] = hash.replace(/^#\//, "").split("/");
  const [username, client_id, rest] = names.map(decoded);
  if (page !== "households") return { page: "system" };
  if (!username || !client_id) return { page };
  return { page: rest === "label" ? "label" : "household", household: { username, client_id } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}

export function pathOf({ username, client_id }: HouseholdIdentity): string {
  return `households/${encodeURIComponent(username)}/${encodeURIComponent(client_id)}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(routeOf(location.hash));
  useEffect(() => {
    const onChange = () => {
      setRoute(routeOf(location.hash));
      // Who follows a link by keyboard or screen reader begins at the top of the new page.
      document.getElementById("main")?.focus();
      scrollTo(0, 0);
    };
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return route;
}
