const SAYS_SOMETHING = /[\p{L}\p{N}]/u;
/** What Node.js prints after an error that nobody has caught, its stack and its properties. */
const NODE_VERSION = /^Node\.js v\d+\.\d+\.\d+$/;
/** `TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be ...` */
const ERROR = /^\w*(?:Error|Exception)(?: \[\w+\])?: /;

/** Of what a program has printed: the line that says most about why it ended; empty when there is none. */
export function lastWords(printed: string): string {
  const lines = printed.split('\n').filter((line) => SAYS_SOMETHING.test(line));
  const last = lines.at(-1) ?? '';
  if (!NODE_VERSION.test(last)) return last;
  return lines.findLast((line) => ERROR.test(line)) ?? lines.at(-2) ?? last;
}
