/** The mark on a host of who uses it. It is made in one step, so that of two fleets one has it. */

import { z } from 'zod';
import { checkSettings } from './check.ts';

const claimSchema = z.object({
  fleet: z.string(),
  group: z.string(),
  instanceId: z.string(),
  launchedAt: z.number(),
  /** `claimed` until its server was started. */
  phase: z.enum(['claimed', 'started']),
  /** When its server was started; null before that, and in a claim of an earlier version of Drover. */
  startedAt: z.number().nullable().default(null),
  /** What is run for it later, whatever its launch template is by then. */
  stop: z.array(z.string()),
  /** Null in a claim of an earlier version of Drover. */
  start: z.array(z.string()).nullable().default(null),
  status: checkSettings.nullable(),
  restart: z.array(z.string()).nullable(),
});
export type Claim = z.infer<typeof claimSchema>;

/** What a host says of its claim: null where it has none. @throws where somebody has written something else there */
export function readClaim(text: string): Claim | null {
  return text.trim() === '' ? null : claimSchema.parse(JSON.parse(text));
}

/** One word of a shell. */
function word(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function words(command: readonly string[]): string {
  return command.map(word).join(' ');
}

/** Prints the claim; nothing where there is none. */
export function showScript(directory: string): string {
  return `cd ${word(directory)} 2>/dev/null || exit 0\nif [ -e claim ]; then cat claim; fi\n`;
}

/** Makes the claim where there is none, and prints the one that is there then. A hard link is made by one process only. */
export function claimScript(directory: string, claim: Claim): string {
  const file = word(`.claim.${claim.instanceId}`);
  return `set -eu
umask 077
mkdir -p ${word(directory)}
cd ${word(directory)}
printf '%s\\n' ${word(JSON.stringify(claim))} >${file}
ln ${file} claim 2>/dev/null || true
rm -f ${file}
cat claim
`;
}

/** Replaces the claim of the same instance. */
export function markScript(directory: string, claim: Claim): string {
  const file = word(`.claim.${claim.instanceId}`);
  return `set -eu
umask 077
cd ${word(directory)}
grep -qF ${ownMark(claim)} claim
printf '%s\\n' ${word(JSON.stringify(claim))} >${file}
mv -f ${file} claim
`;
}

export function releaseScript(directory: string, claim: Claim): string {
  return `set -eu
cd ${word(directory)}
if grep -qF ${ownMark(claim)} claim; then rm -f claim; fi
`;
}

function ownMark({ instanceId }: Claim): string {
  return word(`"instanceId":${JSON.stringify(instanceId)}`);
}

const LAST_LINES = 3;

/**
 * Runs a command with what it has to know as variables. What it prints goes into a file, because a server that it leaves running would hold
 * the connection; the last lines of it follow, and then how it has ended.
 */
export function commandScript(
  directory: string,
  command: readonly string[],
  variables: Readonly<Record<string, string>>,
): string {
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${word(value)}`);
  return `umask 077
mkdir -p ${word(directory)} && cd ${word(directory)} || exit 1
log=$PWD/command.log
: >"$log"
cd
umask 022
env ${assignments.join(' ')} ${words(command)} </dev/null >"$log" 2>&1
code=$?
tail -n ${LAST_LINES} "$log"
echo "ended:$code"
`;
}

/** How a command has ended, as `commandScript` prints it: null where it has succeeded, else why not. */
export function whyCommandFailed(output: string): string | null {
  const lines = output.trimEnd().split('\n');
  const code = /^ended:(\d+)$/.exec(lines.at(-1) ?? '')?.[1];
  if (code === '0') return null;
  const said = lines.slice(0, -1).join(' ').trim();
  return `it exits with ${code ?? 'no code'}${said === '' ? '' : `: ${said}`}`;
}
