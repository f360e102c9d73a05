import type { Finding } from '../../model/finding.ts';
import type { DoctorReport } from '../../views/doctor.ts';
import { asTyped } from './as-typed.ts';
import { clean } from './clean.ts';
import { colors, type Look, symbols } from './look.ts';

/** What was found, subject by subject; below each finding what to do about it. Nothing is cut: it is read once, and acted on. */
export function renderReport({ subjects }: DoctorReport, look: Look): readonly string[] {
  const { bold } = colors(look);
  return subjects.flatMap(({ title, findings }) => [
    bold(clean(title)),
    ...findings.flatMap((finding) => findingLines(finding, look)),
    '',
  ]);
}

function findingLines({ level, message, remedy }: Finding, look: Look): readonly string[] {
  const { red, yellow, green, dim } = colors(look);
  const style = { ok: green, warning: yellow, error: red }[level];
  const said = (text: string) => clean(asTyped(text, look.program));
  const lines = [`  ${style(level.padEnd('warning'.length))}  ${said(message)}`];
  return remedy === null ? lines : [...lines, `${' '.repeat(11)}${dim(symbols(look).arrow)} ${said(remedy)}`];
}
