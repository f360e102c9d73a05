/** What HAProxy 2.6 answers: one server that is down, one without checks; a worker of before a reload. */

import { readFileSync } from 'node:fs';

const read = (name: string) => readFileSync(new URL(`replies/${name}`, import.meta.url), 'utf8');

/** To `show info;show stat -1 7 -1;show servers state`. */
export const REPORT_REPLY = read('look.txt');
/** To `show proc`, on the master's socket. */
export const PROCESSES = read('processes.txt');

const [info = '', statistics = '', state = ''] = REPORT_REPLY.split('\n\n').map((part) => part.replace(/^\n/, ''));
export const INFO = info;
export const STATISTICS = statistics;
export const STATE = state;
