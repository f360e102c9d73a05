/** One text for a zone of a provider: `provider/zone`. Two providers may have zones of the same name. */
export function zoneKey(provider: string, zone: string | null): string {
  return `${provider}/${zone ?? ''}`;
}
