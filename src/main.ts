#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CliActions } from './cli/actions.ts';
import { keepCompiled } from './compose/compile-cache.ts';

keepCompiled(process.env);

// Whatever is imported before the cache is in place is compiled each time, and what a command does not need is not loaded for it.
const { runCli } = await import('./cli/program.ts');
const { processTerminal } = await import('./cli/terminal.ts');
const { systemClock } = await import('./system/clock.ts');

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const actions: CliActions = {
  version,
  demoFleetFile: join(root, 'examples', 'hello', 'fleet.yaml'),
  loadFleet: async (file) => (await import('./compose/fleet-file.ts')).loadFleet(file),
  checkFleet: async (file, text) => (await import('./compose/fleet-file.ts')).checkFleet(file, text),
  starters: async () => (await import('./compose/init.ts')).starters(),
  portProblem: async (port) => (await import('./compose/init.ts')).portProblem(port),
  warnings: async (file) => (await import('./compose/fleet-file.ts')).fleetWarnings(file),
  doctor: async (options) => (await import('./compose/doctor/doctor.ts')).doctor(options),
  jsonSchema: async () => (await import('./compose/fleet-file.ts')).jsonSchema(),
  startFleet: async (options) => (await import('./compose/fleet.ts')).startFleet({ ...options, version }),
  simulate: async (options) => (await import('./compose/simulate.ts')).simulate(options),
};

process.exitCode = await runCli(process.argv.slice(2), actions, processTerminal(systemClock));
