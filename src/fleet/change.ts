/** One difference between two fleets. */
export interface FleetChange {
  /** Where in the fleet file: `autoScalingGroups.web.maxSize`. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  /** What applying it does, in a person's words: `HAProxy is reloaded`, `new servers only`. */
  readonly effect: string;
}
