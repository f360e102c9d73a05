import { CronExpressionParser } from 'cron-parser';

const FIELDS = ['minute', 'hour', 'day of the month', 'month', 'day of the week'] as const;
/** Digits, lists, ranges and steps; the parser knows more (L, W, #, ?, chance), which means something else to each cron. */
const SIGNS = /^[0-9*,/-]*$/;
const NAMES: Readonly<Partial<Record<number, RegExp>>> = {
  3: /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b/gi,
  4: /\b(?:sun|mon|tue|wed|thu|fri|sat)\b/gi,
};

/** What is wrong with a cron expression and what would be right; null for nothing. */
export function cronProblem(expression: string): string | null {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    const found = expression.startsWith('@') ? 'names such as @daily are not known here' : `it has ${fields.length}`;
    return `a cron expression has five fields (${FIELDS.join(', ')}), and ${found}; every day at 8 is 0 8 * * *`;
  }
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(field, index);
    if (problem !== null) return `the ${FIELDS[index]}, ${field}, is not right: ${problem}`;
  }
  return parseProblem(fields.join(' ')) === null ? null : 'there is no such day in any year';
}

const NO_NAME = /$^/g;

/** Tried with every other field open, so that it is known which one is wrong. */
function fieldProblem(field: string, index: number): string | null {
  if (!SIGNS.test(field.replaceAll(NAMES[index] ?? NO_NAME, ''))) {
    return 'it is made of numbers, names of months (JAN) or days (MON), * for any, and the signs , - and /; L and the like are not known here';
  }
  return parseProblem(FIELDS.map((_, other) => (other === index ? field : '*')).join(' '));
}

function parseProblem(expression: string): string | null {
  try {
    CronExpressionParser.parse(expression, { currentDate: 0 }).next();
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message
      .replace(/^Constraint error, /, '')
      .replace(' expected range ', ', expected ')
      .replace(/\.$/, '');
  }
}
