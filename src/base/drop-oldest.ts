/** Keeps a map within a bound as it grows by one: what was set first goes first. */
export function dropOldest(all: Map<string, unknown>, most: number): void {
  const oldest = all.keys().next().value;
  if (all.size > most && oldest !== undefined) all.delete(oldest);
}
