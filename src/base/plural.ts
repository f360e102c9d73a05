/** A word as its number asks for: `plural(1, 'server')` is `server`, `plural(2, 'policy', 'policies')` is `policies`. */
export function plural(many: number, one: string, several = `${one}s`): string {
  return many === 1 ? one : several;
}

/** `1 server`, `3 servers`, `0 policies` */
export function count(many: number, one: string, several?: string): string {
  return `${many} ${plural(many, one, several)}`;
}
