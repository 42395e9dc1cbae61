/**
 * What devices take together is less than the sum of what each takes alone: it lowers the voltage, and
 * with it the power of all that does not regulate itself. Of devices that take W in all by themselves,
 * the power is P with P + sag · (P in kW)² = W. Pure.
 */

/**
 * Before any label, W by the square of each kW: at 0.3 Ω of cables and transformer 1 kW lowers 230 V by
 * 0.6 %, and what heats by twice that; what regulates itself takes as much as before.
 */
export const SAG_MEAN = 4;
export const SAG_DEVIATION = 3;
/** And how likely it does so at all: what regulates itself does not, nor do meters that add up plugs. */
const SAG_PROBABILITY = 0.25;

/** The power of devices that take so many W in all by themselves. */
export function sagged(watts: number, sag: number): number {
  if (watts <= 0 || sag === 0) return watts;
  return 2 * watts / (1 + Math.sqrt(1 + 4e-6 * sag * watts));
}

/** What the sag counts at a power, kW². */
export function squaredKW(power: number): number {
  return (Math.max(0, power) / 1_000) ** 2;
}

/** Labels tell the sag where they leave it in doubt by less than this, W by the square of each kW. */
const SAG_TOLD = SAG_DEVIATION / 2;

/**
 * How much a fit with sag counts beside one without: its probability by the labels (Bayes factor of normal
 * distributions). Where labels tell, what is likelier counts alone: a little of the other would make
 * watts that are known well less sure.
 * @param sag its mean and variance by labels and prior, if there is any
 */
export function likelihoodOfSag(sag: number, variance: number): number {
  const ratio = Math.sqrt(variance) / SAG_DEVIATION *
    Math.exp(0.5 * (sag ** 2 / variance - (SAG_MEAN / SAG_DEVIATION) ** 2));
  const odds = ratio * SAG_PROBABILITY / (1 - SAG_PROBABILITY);
  if (variance < SAG_TOLD ** 2) return odds > 1 ? 1 : 0;
  return odds === Infinity ? 1 : odds / (1 + odds);
}
