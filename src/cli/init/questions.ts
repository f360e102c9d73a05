import { basename, dirname } from 'node:path';
import type { FleetFileResult } from '../../fleet/file/load.ts';
import type { Starter, StarterAnswers, StarterKey } from '../../model/starter.ts';
import { CliError } from '../actions.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type CommonAnswers, fleetText } from './fleet-text.ts';

/** One thing that is asked, or given as an option. */
interface Question {
  readonly key: StarterKey | Exclude<keyof CommonAnswers, 'provider'>;
  readonly message: string;
  readonly usual: (answers: Answers) => Promise<string | null>;
}

/** What is known so far. */
export type Answers = Readonly<Partial<Record<Question['key'], string>>>;

/** The option that gives an answer. */
export const FLAGS: Readonly<Record<Question['key'], string>> = {
  command: '--command',
  image: '--image',
  hosts: '--hosts',
  service: '--service',
  serverPort: '--server-port',
  engine: '--engine',
  healthPath: '--health-path',
  servers: '--servers',
  port: '--port',
  name: '--name',
};

/** Asks a person; resolves with an answer that `problem` finds nothing wrong with. */
export type Ask = (
  message: string,
  usual: string | null,
  problem: (answer: string) => Promise<string | null>,
) => Promise<string>;

export interface FirstFleet {
  readonly text: string;
  readonly answers: Required<Omit<CommonAnswers, 'provider'>>;
  readonly before: readonly string[];
}

const FIRST_PORT = 8080;
/** Tried one after the other for one that is free. */
const PORTS_TRIED = 50;
const USUAL_SERVERS = 2;

/**
 * Gathers the answers: those given, those asked for, and the usual ones where nobody is asked. Each is validated as it comes, as a part of the file that
 * it leads to.
 * @param ask null where nobody is to be asked
 * @throws CliError `usage` for a given answer that is wrong, and for one that is missing
 */
export async function gather(
  context: Context,
  {
    fleetFile,
    type,
    starter,
    given,
    ask,
  }: {
    readonly fleetFile: string;
    readonly type: string;
    readonly starter: Starter;
    readonly given: Answers;
    readonly ask: Ask | null;
  },
): Promise<FirstFleet> {
  const questions = questionsOf(context, fleetFile, starter);
  const detected: Answers = (await starter.detect?.(dirname(fleetFile))) ?? {};
  let answers: Answers = {};
  for (const { key, message, usual } of questions) {
    const known = detected[key] ?? (await usual(answers));
    const before = answers;
    const problem = async (answer: string) => {
      const all = await filledUp(questions, { ...before, [key]: answer });
      return await problemWith(context, key, answer, { fleetFile, text: textOf(type, starter, all) });
    };
    answers = { ...before, [key]: await answerTo({ key, message, known, given: given[key], ask, problem }) };
  }
  const all = await filledUp(questions, answers);
  return {
    text: textOf(type, starter, all),
    answers: commonOf(all),
    before: starter.write(all).before,
  };
}

async function answerTo({
  key,
  message,
  known,
  given,
  ask,
  problem,
}: {
  readonly key: Question['key'];
  readonly message: string;
  readonly known: string | null;
  readonly given: string | undefined;
  readonly ask: Ask | null;
  readonly problem: (answer: string) => Promise<string | null>;
}): Promise<string> {
  if (given === undefined && ask !== null) return ask(message, known, problem).then((answer) => answer.trim());
  const answer = (given ?? known)?.trim();
  if (answer === undefined) {
    throw new CliError(EXIT.usage, `${FLAGS[key]} is missing, and nobody can be asked: ${message}`);
  }
  const why = await problem(answer);
  if (why === null) return answer;
  throw new CliError(EXIT.usage, `${FLAGS[key]} ${JSON.stringify(answer)}: ${why}`);
}

function questionsOf(context: Context, fleetFile: string, starter: Starter): readonly Question[] {
  const own = starter.questions.map(
    ({ key, message, usual }): Question => ({ key, message, usual: async () => usual }),
  );
  return [
    ...own,
    { key: 'healthPath', message: 'Which path says that a server is well?', usual: async () => '/' },
    { key: 'servers', message: 'How many servers?', usual: async (answers) => usualServers(starter, answers) },
    { key: 'port', message: 'On which port of this host do requests come in?', usual: () => freePort(context) },
    { key: 'name', message: 'What is the fleet called?', usual: async () => nameOf(fleetFile) },
  ];
}

function usualServers(starter: Starter, answers: StarterAnswers): string {
  return String(Math.min(USUAL_SERVERS, starter.write(answers).maxServers ?? USUAL_SERVERS));
}

/** The usual one, or the next that is free. */
async function freePort({ actions }: Context): Promise<string> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS_TRIED; port += 1) {
    if ((await actions.portProblem(port)) === null) return String(port);
  }
  return String(FIRST_PORT);
}

/** As the folder, as far as a fleet can have its name. */
function nameOf(fleetFile: string): string {
  const name = basename(dirname(fleetFile))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 32)
    .replace(/-$/, '');
  return /^(?=.*[a-z])[a-z0-9]/.test(name) ? name : 'fleet';
}

/** The answers so far, and the usual ones for the rest: they are valid, so what is found wrong is wrong with the newest one. */
async function filledUp(questions: readonly Question[], answers: Answers): Promise<Answers> {
  let all = answers;
  for (const { key, usual } of questions) {
    if (all[key] === undefined)
      all = { ...all, [key]: key === 'port' ? String(FIRST_PORT) : ((await usual(all)) ?? '') };
  }
  return all;
}

function commonOf({ name = '', port = '', healthPath = '', servers = '' }: Answers): FirstFleet['answers'] {
  return { name, port, healthPath, servers };
}

function textOf(type: string, starter: Starter, all: Answers): string {
  return fleetText({ provider: type, ...commonOf(all) }, starter.write(all));
}

const MAX_PORT = 65_535;

/** What is wrong with an answer, and what would be right. */
async function problemWith(
  { actions }: Context,
  key: Question['key'],
  answer: string,
  { fleetFile, text }: { readonly fleetFile: string; readonly text: string },
): Promise<string | null> {
  if (answer.trim() === '') return 'it is empty.';
  if (/\p{Cc}/u.test(answer)) return 'it has to be one line without control characters.';
  const isPort = key === 'port' || key === 'serverPort';
  if (isPort && !(/^\d{1,5}$/.test(answer) && Number(answer) >= 1 && Number(answer) <= MAX_PORT)) {
    return `it has to be a port: a number from 1 to ${MAX_PORT}.`;
  }
  if (key === 'servers' && !/^\d{1,6}$/.test(answer)) return 'it has to be a whole number.';
  const result: FleetFileResult = await actions.checkFleet(fleetFile, text);
  const [found] = result.ok ? await actions.warnings(result) : result.errors;
  if (found !== undefined) return `${found.message.replace(/\.$/, '')}.`;
  return key === 'port' ? await actions.portProblem(Number(answer)) : null;
}
