import { inheritedEnvironment, isProgram } from '../../base/user-program.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Problem } from '../../settings/explain.ts';
import { isoTool, NO_ISO_TOOL } from './seed.ts';
import { readSettings } from './settings.ts';

/** Whether the host that Drover runs on has the programs that a launch needs. */
export async function settingsWarnings(settings: JsonObject): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  if (!isProgram('virsh', inheritedEnvironment().PATH ?? '', '/')) {
    problems.push({ path: [], message: 'the provider libvirt needs virsh on this host; install libvirt-clients' });
  }
  if (readSettings(settings).userData !== null && isoTool() === null) {
    problems.push({ path: ['userData'], message: NO_ISO_TOOL });
  }
  return problems;
}
