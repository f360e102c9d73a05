/** Whom a change concerns, by name: a group, a target group. `all` when it is about what everybody depends on. */
export type Concerned = 'all' | ReadonlySet<string>;

export function concerns(concerned: Concerned, name: string): boolean {
  return concerned === 'all' || concerned.has(name);
}

/** The names whose parts differ, of two wholes that are made of named parts. */
export function differing<Part>(
  before: ReadonlyMap<string, Part>,
  now: ReadonlyMap<string, Part>,
  isSame: (before: Part, now: Part) => boolean,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const name of before.keys()) if (!now.has(name)) names.add(name);
  for (const [name, part] of now) {
    const earlier = before.get(name);
    if (earlier === undefined || !isSame(earlier, part)) names.add(name);
  }
  return names;
}
