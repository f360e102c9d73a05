import { oneLine, reasonOf } from '../../base/quoted.ts';
import { errorCode, isProgrammingError } from '../../base/system-error.ts';
import { PortError } from '../../ports/errors.ts';
import { SSH_REFUSED } from './ssh-agent.ts';

/** What an engine has answered; null where it was not reached. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : null;
}

const UNREACHABLE = /ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND/;

/** Words of Docker's and of Podman's, the most telling first. Their status codes alone do not tell: most of these are 500. */
const KINDS: readonly (readonly [RegExp, ConstructorParameters<typeof PortError>[0], string, string])[] = [
  [/HTTP request to an HTTPS server/i, 'Unauthorized', 'tls', 'Write tls, with cert and key, for that engine.'],
  [/init binary not found/i, 'Invalid', 'noInit', 'Install catatonit on that host, or write init: false.'],
  [
    /no space left on device|disk quota exceeded/i,
    'NoCapacity',
    'noSpace',
    'Make room on that host: `docker system df` shows what takes it.',
  ],
  [
    /port is already allocated|address already in use|all ports are allocated|no available port/i,
    'NoCapacity',
    'noPort',
    'Ports of that host are used up, or another program has them.',
  ],
  [
    /no available (?:IPv?[46]? ?)?address|could not find an available|address pool|no free ip|network is full|failed to allocate (?:gateway|.*ip)/i,
    'NoCapacity',
    'noAddress',
    'The network has no address left: make it larger, or name another one.',
  ],
  [
    /cannot allocate memory|insufficient memory|out of memory/i,
    'NoCapacity',
    'noMemory',
    'That host has no memory left.',
  ],
  [
    /toomanyrequests|too many requests|rate limit/i,
    'RateLimited',
    'registryLimit',
    'The registry limits pulls: log in with registryLogin, or keep the image on the host.',
  ],
  [
    /unauthorized|authentication required|no basic auth credentials|denied: |requested access .* is denied|incorrect username or password/i,
    'Unauthorized',
    'registryLogin',
    'The registry refuses: correct the name of the image, or registryLogin.',
  ],
  [
    /no such image|manifest unknown|manifest for .* not found|repository does not exist|image not known|not found: manifest/i,
    'Invalid',
    'noImage',
    'Correct the name of the image, push it to its registry, or load it on that host.',
  ],
  [
    /network .* not found|unable to find network|no such network/i,
    'Invalid',
    'noNetwork',
    'Make the network on that host, or correct networks.',
  ],
  [
    /bind source path does not exist|statfs .*no such file|no such volume/i,
    'Invalid',
    'noMount',
    'Make it on that host, or correct mounts.',
  ],
  [
    /executable file not found|no such file or directory.*(?:exec|runc)|(?:exec|runc|crun).*no such file or directory|permission denied.*exec|exec.*permission denied/i,
    'Invalid',
    'noCommand',
    'Correct command, entrypoint or workingDirectory, or the image.',
  ],
  [/unable to find user|no matching entries in passwd/i, 'Invalid', 'noUser', 'Correct user.'],
  [
    /i\/o timeout|TLS handshake timeout|context deadline exceeded|connection refused|no such host|temporary failure|EOF$/i,
    'Transient',
    'pull',
    'The registry does not answer; it is tried again.',
  ],
];

/** What went wrong at an engine, as an error of a provider. @param where the engine, in words @param what was wanted of it */
export function engineError(where: string, what: string, error: unknown): unknown {
  if (error instanceof PortError || isProgrammingError(error)) return error;
  const told = reasonOf(error)
    .replace(/^\(HTTP code \d+\) [^-]*- /, '')
    .trim();
  const status = statusOf(error);
  const made = (reaction: ConstructorParameters<typeof PortError>[0], code: string, remedy: string) =>
    new PortError(reaction, code, `${what} on ${where}: ${told}${/[.!?]$/.test(told) ? '' : '.'} ${remedy}`.trim(), {
      cause: error,
    });
  if (status === null) {
    const code = errorCode(error);
    if (code === 'EACCES' || code === 'EPERM') {
      return new PortError(
        'Unauthorized',
        'notAllowed',
        `Drover may not use ${where}: add its user to the group of the socket (docker, mostly), and start Drover again.`,
        { cause: error },
      );
    }
    if (code === SSH_REFUSED) {
      return new PortError(
        'Unauthorized',
        'ssh',
        `${where} and Drover's user do not trust each other (${oneLine(told)}): as that user, ssh has to log in without questions, by a key in authorized_keys there and with the host in known_hosts here.`,
        { cause: error },
      );
    }
    if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO/.test(code)) {
      return new PortError(
        'Unauthorized',
        'tls',
        `${where} is not trusted, or does not trust Drover: ${oneLine(told)} Correct the files under tls.`,
        { cause: error },
      );
    }
    if (UNREACHABLE.test(code) || UNREACHABLE.test(told) || /socket hang up|aborted/i.test(told)) {
      return new PortError(
        'Transient',
        'unreachable',
        `${where} cannot be reached (${oneLine(told)}); see that the engine runs there.`,
        { cause: error },
      );
    }
  }
  for (const [words, reaction, code, remedy] of KINDS) if (words.test(told)) return made(reaction, code, remedy);
  if (status === 400) return made('Invalid', 'refused', 'Correct the launch template.');
  if (status === 401 || status === 403)
    return made('Unauthorized', 'notAllowed', 'See that Drover may use the engine.');
  return made('Transient', 'engine', '');
}
