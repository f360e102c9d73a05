import { FileError, readBounded } from '../base/files.ts';
import { CliError, InvalidFleetFile, type LoadSource, type SimulateOptions } from '../cli/actions.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { filesIn } from '../store/presence.ts';
import { openRecordedMetrics } from '../store/recorded-metrics.ts';
import type { WhatIfRun } from '../views/what-if.ts';
import { readCsv, readPrometheusRange } from '../what-if/recordings.ts';
import { SeriesError } from '../what-if/series.ts';
import { type Subject, subjectOf } from '../what-if/subject.ts';
import { type Recording, whatIf } from '../what-if/what-if.ts';
import { loadFleet } from './fleet-file.ts';

const MAX_RECORDING_BYTES = 32 * 1024 * 1024;

/** Replays a load; nothing is started, changed or locked by it. */
export async function simulate({ fleetFiles, load, ...options }: SimulateOptions): Promise<readonly WhatIfRun[]> {
  const fleets = [];
  for (const { path, title } of fleetFiles) {
    const loaded = await loadFleet(path);
    if (!loaded.ok) throw new InvalidFleetFile(loaded.errors);
    fleets.push({ title, fleet: loaded.fleet });
  }
  try {
    const [first] = fleets;
    if (first === undefined) return [];
    const recording = await readRecording(load, options.group, subjectOf(first.fleet, options));
    return whatIf({ ...options, choice: options, fleets, recording });
  } catch (error) {
    throw error instanceof SeriesError ? new CliError(EXIT.refused, error.message) : error;
  }
}

async function readRecording(
  load: LoadSource,
  group: string,
  { metric, valueIs }: Pick<Subject, 'metric' | 'valueIs'>,
): Promise<Recording> {
  if (load.kind !== 'recorded') {
    const text = await recordingText(load.path);
    return { readings: load.kind === 'csv' ? readCsv(text) : readPrometheusRange(text), before: [] };
  }
  if (metric === null) throw new SeriesError(`Group ${group} follows no metric: give --metrics, or name --metric.`);
  if (valueIs === 'average') {
    throw new SeriesError(`${metric} was recorded as an average, which does not tell the load: give --metrics.`);
  }
  const path = filesIn(load.dataDir).database;
  const recorded = openRecordedMetrics(path);
  try {
    const { hours, minutes } = await recorded.metric(group, metric);
    if (minutes.length < 2)
      throw new SeriesError(`${path} has no recorded history of ${metric} of group ${group} yet.`);
    return { readings: minutes, before: hours };
  } finally {
    await recorded.close();
  }
}

async function recordingText(path: string): Promise<string> {
  try {
    return (await readBounded(path, { maxBytes: MAX_RECORDING_BYTES })).bytes.toString();
  } catch (error) {
    throw error instanceof FileError ? new SeriesError(`${path} cannot be read: ${error.message}.`) : error;
  }
}
