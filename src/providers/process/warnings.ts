import { existsSync } from 'node:fs';
import { inheritedEnvironment, isProgram } from '../../base/user-program.ts';
import type { JsonObject } from '../../model/json.ts';
import { readSettings } from './settings.ts';

/** Whether this host has what a server is started with. */
export function settingsWarnings(settings: JsonObject): readonly string[] {
  const { command, workingDirectory, environment } = readSettings(settings);
  if (!existsSync(workingDirectory)) return [`the working directory ${workingDirectory} does not exist on this host`];
  const [program = ''] = command;
  const path = environment.PATH ?? inheritedEnvironment().PATH ?? '';
  if (isProgram(program, path, workingDirectory)) return [];
  const where = program.includes('/') ? `from ${workingDirectory}` : 'in PATH';
  return [`the command ${program} was not found ${where}, or cannot be executed, on this host`];
}
