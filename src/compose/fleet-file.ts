import { FileError, readBounded } from '../base/files.ts';
import { templateUse } from '../fleet/file/checks.ts';
import { fleetJsonSchema } from '../fleet/file/json-schema.ts';
import { type FleetFileResult, MAX_FLEET_FILE_BYTES, parseFleet, unreadableFleet } from '../fleet/file/load.ts';
import { metricSourceTypes } from '../metrics/registry.ts';
import type { Fleet } from '../model/fleet.ts';
import { providerTypes } from '../providers/registry.ts';

/** Reads and validates a fleet file with all providers and metric sources that there are. */
export async function loadFleet(fleetFile: string): Promise<FleetFileResult> {
  let text: Uint8Array;
  try {
    text = (await readBounded(fleetFile, { maxBytes: MAX_FLEET_FILE_BYTES })).bytes;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return unreadableFleet(fleetFile, error.message);
  }
  return parseFleet({ text, path: fleetFile, providers: providerTypes, sources: metricSourceTypes });
}

/** What would fail on this host as it is now, or once a group is large, though the fleet file is valid. */
export function settingsWarnings(fleet: Fleet): readonly string[] {
  return fleet.autoScalingGroups.flatMap((group) => {
    const { provider, settings } = group.launchTemplate;
    const warnings = providerTypes.get(provider)?.settingsWarnings?.(settings, templateUse(fleet, group)) ?? [];
    return warnings.map((warning) => `autoScalingGroups.${group.name}.launchTemplate: ${warning}`);
  });
}

export function jsonSchema(): object {
  return fleetJsonSchema(providerTypes, metricSourceTypes);
}
