import type { Command } from 'commander';
import { count } from '../../base/plural.ts';
import type { Finding } from '../../model/finding.ts';
import type { DoctorReport } from '../../views/doctor.ts';
import { CliError } from '../actions.ts';
import { type Context, dataDirPath, exists, fleetFilePath, print, programOf } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatOf, type OutputOptions, printAs } from '../options/output.ts';
import { renderReport } from '../render/doctor.ts';
import { terminalLook } from '../terminal.ts';

export async function doctor(
  context: Context,
  file: string | undefined,
  options: OutputOptions,
  command: Command,
): Promise<void> {
  const path = fleetFilePath(context, file);
  const fleetFile = file !== undefined || (await exists(path)) ? path : null;
  const dataDir = dataDirPath(context, command, path);
  const report = await context.actions.doctor({ fleetFile, dataDir, signal: context.terminal.interrupted });
  const { error: errors, warning: warnings } = tally(report);
  const isForPerson = formatOf(options) === 'table';
  const found = { ...report, errors, warnings };
  if (!isForPerson) await printAs(context, options, found, { table: () => '' }, command);
  else {
    for (const line of renderReport(report, terminalLook(context.terminal, programOf(command)))) print(context, line);
  }
  if (errors > 0) throw new CliError(EXIT.failed, `${count(errors, 'error')} and ${count(warnings, 'warning')} found.`);
  if (isForPerson) print(context, warnings === 0 ? 'All is well.' : `No errors; ${count(warnings, 'warning')}.`);
}

function tally({ subjects }: DoctorReport): Readonly<Record<Finding['level'], number>> {
  const found = { ok: 0, warning: 0, error: 0 };
  for (const { level } of subjects.flatMap(({ findings }) => findings)) found[level] += 1;
  return found;
}
