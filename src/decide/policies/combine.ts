import type { PolicyVerdict } from './policy.ts';

export interface Combined {
  /** The size to go to; always from the minimum to the maximum. */
  readonly size: number;
  /** The policies whose verdict it is, by name; none while it stays as it is. */
  readonly decidedBy: readonly PolicyVerdict[];
  /** What kept the size smaller or larger than their verdict. */
  readonly cappedBy: 'minSize' | 'maxSize' | 'forecast' | null;
  /** Those that some policies would scale in without, and that do not agree. */
  readonly blockedBy: readonly PolicyVerdict[];
}

/**
 * What several verdicts come to. The largest size that any policy wants wins, out and in; fewer servers need a policy that asks for
 * them and the consent of all. A predictive policy asks for no fewer, but none of the others goes below its forecast. The order of
 * the policies makes no difference, and the minimum and maximum hold whatever they want.
 */
export function combine(
  verdicts: readonly PolicyVerdict[],
  desired: number,
  { minSize, maxSize }: { readonly minSize: number; readonly maxSize: number },
): Combined {
  const byName = verdicts.toSorted((a, b) => (a.policy < b.policy ? -1 : 1));
  const wanting = byName.filter(({ wants }) => wants !== null);
  const most = Math.max(...wanting.map(({ wants }) => wants ?? 0));
  const asks = wanting.some(({ wants, type }) => type !== 'predictive' && wants !== null && wants < desired);
  const against = byName.filter(({ agreesToScaleIn, wants }) => !agreesToScaleIn || (wants ?? 0) >= desired);
  const stay = { size: within(desired, minSize, maxSize), decidedBy: [], cappedBy: null };
  if (most <= desired) {
    if (!asks) return { ...stay, blockedBy: [] };
    if (against.length > 0) return { ...stay, blockedBy: against };
  }
  const size = within(most, minSize, maxSize);
  // A forecast that stops a scale-in on its way did not ask for it.
  const askers = most > desired ? wanting : wanting.filter(({ type }) => type !== 'predictive');
  const theirs = Math.max(...askers.map(({ wants }) => wants ?? 0));
  const decidedBy = askers.filter(({ wants }) => wants === theirs);
  const cappedBy = most > maxSize ? 'maxSize' : theirs < most ? 'forecast' : most < minSize ? 'minSize' : null;
  return { size, decidedBy, cappedBy, blockedBy: [] };
}

function within(size: number, minSize: number, maxSize: number): number {
  return Math.min(maxSize, Math.max(minSize, size));
}
