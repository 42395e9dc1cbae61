/** What a household is told, or others of it, as it goes to a broker. */

export const PUBLICATION_KINDS = ["disaggregated", "model", "discovery"] as const;
export type PublicationKind = typeof PUBLICATION_KINDS[number];

/** A retained message. One without a payload takes back the one before. */
export interface Publication {
  readonly kind: PublicationKind;
  readonly topic: string;
  readonly payload: string;
}
