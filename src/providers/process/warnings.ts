import { existsSync } from 'node:fs';
import { count } from '../../base/plural.ts';
import { inheritedEnvironment, isProgram } from '../../base/user-program.ts';
import type { JsonObject } from '../../model/json.ts';
import { PortError } from '../../ports/errors.ts';
import type { Problem } from '../../settings/explain.ts';
import type { TemplateUse } from '../../settings/settings-schema.ts';
import { accountOf } from './account.ts';
import { limitsOf, whyNoLimits } from './control-groups.ts';
import { type ProcessSettings, readSettings } from './settings.ts';

/** Whether this host has what a server is started with, and each server a port. */
export async function settingsWarnings(settings: JsonObject, use: TemplateUse): Promise<readonly Problem[]> {
  const read = readSettings(settings);
  return [...programWarnings(read), ...(await userWarnings(read)), ...limitWarnings(read), ...portWarnings(read, use)];
}

async function userWarnings({ user }: ProcessSettings): Promise<readonly Problem[]> {
  if (user === null) return [];
  try {
    await accountOf(user);
    return [];
  } catch (error) {
    if (error instanceof PortError) return [{ path: ['user'], message: error.message }];
    throw error;
  }
}

function limitWarnings({ memoryBytes, cpus }: ProcessSettings): readonly Problem[] {
  const limits = limitsOf(memoryBytes, cpus);
  const why = limits === null ? null : whyNoLimits(limits);
  if (why === null) return [];
  const message = `${why}, so every launch will be refused; start this host with cgroup v2, or leave memory and cpus out`;
  return [{ path: [memoryBytes === null ? 'cpus' : 'memory'], message }];
}

function portWarnings({ portRange: { from, to } }: ProcessSettings, { maxSize }: TemplateUse): readonly Problem[] {
  const ports = to - from + 1;
  if (ports >= maxSize) return [];
  const message = `it has ${count(ports, 'port')} and the group may have ${maxSize} servers: when all ports are taken, further launches wait until one is free; widen it, or lower maxSize`;
  return [{ path: ['portRange'], message }];
}

function programWarnings({ command, workingDirectory, environment }: ProcessSettings): readonly Problem[] {
  if (!existsSync(workingDirectory)) {
    return [{ path: ['workingDirectory'], message: `the folder ${workingDirectory} does not exist on this host` }];
  }
  const [program = ''] = command;
  const path = environment.PATH ?? inheritedEnvironment().PATH ?? '';
  if (isProgram(program, path, workingDirectory)) return [];
  const where = program.includes('/') ? `from ${workingDirectory}` : 'in PATH';
  return [{ path: ['command'], message: `${program} was not found ${where}, or cannot be executed, on this host` }];
}
