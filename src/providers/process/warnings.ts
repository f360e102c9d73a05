import { existsSync } from 'node:fs';
import { inheritedEnvironment, isProgram } from '../../base/user-program.ts';
import type { JsonObject } from '../../model/json.ts';
import type { TemplateUse } from '../../settings/settings-schema.ts';
import { type ProcessSettings, readSettings } from './settings.ts';

/** Whether this host has what a server is started with, and each server a port. */
export function settingsWarnings(settings: JsonObject, use: TemplateUse): readonly string[] {
  const read = readSettings(settings);
  return [...programWarnings(read), ...portWarnings(read, use)];
}

function portWarnings({ portRange: { from, to } }: ProcessSettings, { maxSize }: TemplateUse): readonly string[] {
  const ports = to - from + 1;
  if (ports >= maxSize) return [];
  const has = ports === 1 ? 'one port' : `${ports} ports`;
  return [
    `portRange ${from} to ${to} has ${has} and the group may have ${maxSize} servers: when all ports are taken, further launches fail until one is free; widen it, or lower maxSize`,
  ];
}

function programWarnings({ command, workingDirectory, environment }: ProcessSettings): readonly string[] {
  if (!existsSync(workingDirectory)) return [`the working directory ${workingDirectory} does not exist on this host`];
  const [program = ''] = command;
  const path = environment.PATH ?? inheritedEnvironment().PATH ?? '';
  if (isProgram(program, path, workingDirectory)) return [];
  const where = program.includes('/') ? `from ${workingDirectory}` : 'in PATH';
  return [`the command ${program} was not found ${where}, or cannot be executed, on this host`];
}
