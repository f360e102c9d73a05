import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ValueKind } from '../../model/scaling-policy.ts';
import { CliError, type LoadSource } from '../actions.ts';
import { type Context, dataDirPath, fleetFilePath, say } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type OutputOptions, printAs } from '../options/output.ts';
import { renderWhatIf } from '../render/what-if.ts';
import { renderWhatIfHtml } from '../render/what-if-html.ts';

export interface SimulateCommandOptions extends OutputOptions {
  readonly group: string;
  readonly fleet?: string;
  readonly compare?: string;
  readonly metrics?: string;
  readonly prometheusRange?: string;
  readonly metric?: string;
  readonly valueIs?: ValueKind;
  readonly from?: number;
  readonly to?: number;
  readonly boot: number;
  readonly capacity?: number;
  readonly html?: string;
}

export async function simulate(context: Context, options: SimulateCommandOptions, command: Command): Promise<void> {
  const fleetFile = fleetFilePath(context, options.fleet);
  const { cwd } = context.terminal;
  const { compare } = options;
  const runs = await context.actions.simulate({
    fleetFiles: [
      { path: fleetFile, title: options.fleet ?? 'fleet.yaml' },
      ...(compare === undefined ? [] : [{ path: resolve(cwd, compare), title: compare }]),
    ],
    group: options.group,
    metric: options.metric ?? null,
    valueIs: options.valueIs ?? null,
    load: loadSource(options, cwd, () => dataDirPath(context, command, fleetFile)),
    from: options.from ?? null,
    to: options.to ?? null,
    bootMs: options.boot,
    capacity: options.capacity ?? null,
  });
  await printAs(context, options, runs, { table: (look) => renderWhatIf(runs, look).join('\n') }, command);
  if (options.html === undefined) return;
  const path = resolve(cwd, options.html);
  try {
    await writeFile(path, renderWhatIfHtml(runs));
  } catch (error) {
    throw new CliError(EXIT.failed, `Could not write the report: ${error instanceof Error ? error.message : error}`);
  }
  say(context, `The report is ${path}.`);
}

function loadSource(options: SimulateCommandOptions, cwd: string, dataDir: () => string): LoadSource {
  const { metrics, prometheusRange } = options;
  if (metrics !== undefined) return { kind: 'csv', path: resolve(cwd, metrics) };
  if (prometheusRange !== undefined) return { kind: 'prometheusRange', path: resolve(cwd, prometheusRange) };
  return { kind: 'recorded', dataDir: dataDir() };
}
