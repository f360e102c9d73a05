/**
 * What applying a change does with the thing that it is about:
 * - `create`: there is none yet;
 * - `change`: it is changed in place, while it goes on;
 * - `replace`: what runs stays as it is, and something new takes its place: servers that are launched from then on, a provider that is opened anew;
 * - `destroy`: it is ended.
 */
export const CHANGE_KINDS = ['create', 'change', 'replace', 'destroy'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What applying a change does. */
export interface Effect {
  readonly kind: ChangeKind;
  /** In a person's words: `HAProxy is reloaded`, `new servers only`. */
  readonly words: string;
}

/** One difference between two fleets. */
export interface FleetChange {
  readonly kind: ChangeKind;
  /** Where in the fleet file: `autoScalingGroups.web.maxSize`. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  /** What applying it does, in a person's words: `HAProxy is reloaded`, `new servers only`. */
  readonly effect: string;
}
