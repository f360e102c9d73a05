import type { DoctorOptions } from '../../cli/actions.ts';
import { describeError } from '../../fleet/file/errors.ts';
import type { FleetFileResult } from '../../fleet/file/load.ts';
import type { Finding } from '../../model/finding.ts';
import type { DoctorReport } from '../../views/doctor.ts';
import { fleetWarnings, loadFleet } from '../fleet-file.ts';
import { examineClock } from './clock.ts';
import { examineController } from './controller.ts';
import { examineDataFolder } from './data-folder.ts';
import { type Examination, examineAll } from './examination.ts';
import { examineHaproxy } from './haproxy.ts';
import { examineLimits } from './limits.ts';
import { examinePorts } from './ports.ts';
import { providerExaminations } from './providers.ts';

/** The longest that one subject may take. */
const SUBJECT_TIMEOUT_MS = 20_000;

export async function doctor({ fleetFile, dataDir, signal }: DoctorOptions): Promise<DoctorReport> {
  const loaded = fleetFile === null ? null : await loadFleet(fleetFile);
  const fleet = loaded?.ok === true ? loaded.fleet : null;
  const examinations: readonly Examination[] = [
    { title: 'Fleet file', run: () => examineFleetFile(fleetFile, loaded) },
    { title: 'HAProxy', run: (bounded) => examineHaproxy(fleet, dataDir, bounded) },
    { title: 'Limits', run: () => examineLimits(fleet) },
    { title: 'Ports', run: () => examinePorts(fleet, dataDir) },
    { title: 'Data folder', run: () => examineDataFolder(dataDir) },
    { title: 'Controller', run: (bounded) => examineController(dataDir, fleet, bounded) },
    { title: 'Clock', run: (bounded) => examineClock(dataDir, bounded) },
    ...(fleet === null ? [] : providerExaminations(fleet, dataDir)),
  ];
  return { subjects: await examineAll(examinations, SUBJECT_TIMEOUT_MS, signal) };
}

async function examineFleetFile(path: string | null, loaded: FleetFileResult | null): Promise<readonly Finding[]> {
  if (loaded === null) {
    const message = 'No fleet file was named, and there is none here, so that ports and providers are not looked into.';
    return [{ level: 'warning', message, remedy: 'Name it: `drover doctor <fleet.yaml>`.' }];
  }
  if (!loaded.ok) {
    return loaded.errors.map((error) => ({ level: 'error', message: describeError(error), remedy: null }));
  }
  const warnings = await fleetWarnings(loaded);
  return [
    { level: 'ok', message: `${path} is valid: fleet ${loaded.fleet.name}.`, remedy: null },
    ...warnings.map((warning): Finding => ({ level: 'warning', message: describeError(warning), remedy: null })),
  ];
}
