/** What differs between versions of HAProxy; the rest of this folder asks here and never for a version. */

export interface Version {
  readonly major: number;
  readonly minor: number;
  /** As HAProxy writes it: `2.6.12-1+deb12u4`. */
  readonly text: string;
}

export interface Capabilities {
  /**
   * Before 3.0 a server that was added at run time never reuses its connections unless the pool's limits are given with it,
   * which halves the throughput. Servers of the file are not affected.
   */
  readonly poolLimitsNeeded: boolean;
}

/** The first version whose dynamic servers can be checked. */
export const OLDEST_SUPPORTED = '2.6';

/** From the first line of `haproxy -v`; null when that is something else. */
export function parseVersion(output: string): Version | null {
  const found = /^HA-?Proxy version ((\d+)\.(\d+)\S*)/m.exec(output);
  if (found?.[1] === undefined) return null;
  return { text: found[1], major: Number(found[2]), minor: Number(found[3]) };
}

export function isSupported(version: Version): boolean {
  return atLeast(version, 2, 6);
}

export function capabilitiesOf(version: Version): Capabilities {
  return { poolLimitsNeeded: !atLeast(version, 3, 0) };
}

function atLeast({ major, minor }: Version, wantedMajor: number, wantedMinor: number): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
