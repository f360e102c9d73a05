import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutCredentials } from '../../base/credentials.ts';
import { providerNamed } from '../../fleet/providers.ts';
import type { Finding } from '../../model/finding.ts';
import type { Fleet, ProviderInstance } from '../../model/fleet.ts';
import { providerTypes } from '../../providers/registry.ts';
import { systemClock } from '../../system/clock.ts';
import { type Examination, sentence } from './examination.ts';

/** One for each provider that the fleet names or uses. */
export function providerExaminations(fleet: Fleet, dataDir: string): readonly Examination[] {
  const used = fleet.autoScalingGroups.map(({ launchTemplate }) => launchTemplate.provider);
  const names = new Set([...fleet.providers.map(({ name }) => name), ...used]);
  return [...names].map((name) => ({
    title: `Provider ${name}`,
    run: (signal) => examineProvider(providerNamed(fleet, name), fleet.name, dataDir, signal),
  }));
}

async function examineProvider(
  { name, type, settings }: ProviderInstance,
  fleet: string,
  dataDir: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const diagnose = providerTypes.get(type)?.diagnose;
  if (diagnose === undefined) {
    return [{ level: 'ok', message: `Its type, ${type}, has nothing that could be looked into.`, remedy: null }];
  }
  // Before the first start it has no folder yet, and is not to get one by being looked into.
  const own = join(dataDir, 'providers', name);
  const borrowed = existsSync(own) ? null : await mkdtemp(join(tmpdir(), 'drover-doctor-'));
  const problems: string[] = [];
  const onProblem = (problem: string) => void problems.push(problem);
  try {
    const context = { fleet, settings, dataDir: borrowed ?? own, clock: systemClock, onProblem };
    const findings = await diagnose(context, signal);
    const beside = problems.map((message): Finding => ({ level: 'warning', message: sentence(message), remedy: null }));
    return [...findings, ...beside].map(shownOf);
  } finally {
    if (borrowed !== null) await rm(borrowed, { recursive: true, force: true });
  }
}

/** What a provider says may quote an address with a password in it. */
function shownOf({ level, message, remedy }: Finding): Finding {
  return { level, message: withoutCredentials(message), remedy: remedy === null ? null : withoutCredentials(remedy) };
}
