import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { FileError, readBounded } from '../base/files.ts';
import { templateUse } from '../fleet/file/checks.ts';
import { fleetJsonSchema, publicInFleet } from '../fleet/file/json-schema.ts';
import {
  type FleetFileError,
  type FleetFileResult,
  type KnownTypes,
  MAX_FLEET_FILE_BYTES,
  parseFleet,
  readDocument,
  unreadableFleet,
  type ValidFleetFile,
} from '../fleet/file/load.ts';
import { publicDocument } from '../fleet/file/shown-document.ts';
import { providerNamed } from '../fleet/providers.ts';
import { metricSourceTypes } from '../metrics/registry.ts';
import type { AutoScalingGroup, Fleet } from '../model/fleet.ts';
import type { FleetDocument } from '../model/fleet-version.ts';
import { notifierTypes } from '../notifications/registry.ts';
import { providerTypes, usePackage } from '../providers/registry.ts';
import type { Problem } from '../settings/explain.ts';

const KNOWN: KnownTypes = {
  providers: providerTypes,
  usePackage,
  sources: metricSourceTypes,
  notifiers: notifierTypes,
};

/** Reads and validates a fleet file with all providers and metric sources that there are. */
export async function loadFleet(fleetFile: string): Promise<FleetFileResult> {
  let text: Uint8Array;
  try {
    text = (await readBounded(fleetFile, { maxBytes: MAX_FLEET_FILE_BYTES })).bytes;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return unreadableFleet(fleetFile, error.message);
  }
  return parseFleet({ text, path: fleetFile, ...KNOWN });
}

/** The same for one that is not written yet. @param fleetFile where it will be: relative paths start from its folder */
export async function checkFleet(fleetFile: string, text: string): Promise<FleetFileResult> {
  return parseFleet({ text, path: fleetFile, ...KNOWN });
}

/** The same for a document that was recorded, or sent. @param name what it is called in errors */
export function readFleetDocument(document: FleetDocument, name: string): FleetFileResult {
  return readDocument(document, KNOWN, name);
}

/** A document without what the schemas do not mark as public. */
export function shownDocument({ content, baseDir }: FleetDocument): FleetDocument {
  return { content: publicDocument(content, publicInFleet(KNOWN, content)), baseDir };
}

/** What would fail on this host as it is now, or once a group is large, though the fleet file is valid. */
export async function fleetWarnings({ fleet, locate }: ValidFleetFile): Promise<readonly FleetFileError[]> {
  const warnings = fleet.autoScalingGroups.map(async (group) => [
    ...desiredFileWarnings(group),
    ...(await templateWarnings(fleet, group)),
  ]);
  return locate((await Promise.all(warnings)).flat());
}

function desiredFileWarnings({ name, desiredCapacityFile }: AutoScalingGroup): readonly Problem[] {
  const folder = desiredCapacityFile === null ? null : dirname(desiredCapacityFile);
  if (folder === null || existsSync(folder)) return [];
  const message = `the folder ${folder} does not exist on this host, so nothing can write the file`;
  return [{ path: ['autoScalingGroups', name, 'desiredCapacityFile'], message }];
}

async function templateWarnings(fleet: Fleet, group: AutoScalingGroup): Promise<readonly Problem[]> {
  const { provider, settings } = group.launchTemplate;
  const type = providerTypes.get(providerNamed(fleet, provider).type);
  const warnings = await type?.settingsWarnings?.(settings, templateUse(fleet, group));
  const at = ['autoScalingGroups', group.name, 'launchTemplate'];
  return (warnings ?? []).map(({ path, message }) => ({ path: [...at, ...path], message }));
}

export function jsonSchema(): object {
  return fleetJsonSchema(KNOWN);
}
