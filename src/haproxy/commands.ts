/** The runtime API's commands that change servers, with the replies that mean success. */

import type { TargetGroup } from '../model/fleet.ts';
import type { Capabilities } from './capabilities.ts';
import type { Words } from './encoder.ts';
import { authority } from './members.ts';
import { checkPortOf, serverOptions, standInOptions, weightOf } from './render.ts';
import { keyOf, type Server, type ServerKey } from './servers.ts';

export interface Command {
  readonly words: Words;
  /** The one-line replies that are as wanted; HAProxy answers most commands with nothing. */
  readonly expected: RegExp;
}

const NOTHING = /^$/;

/** A new server, which gets no traffic before its checks have passed; a stand-in has none. */
export function add(server: Server, group: TargetGroup, id: number, capabilities: Capabilities): readonly Command[] {
  const { member, standsIn } = server;
  const weight = weightOf(group, member);
  const address = authority(member.endpoint);
  const options = standsIn ? standInOptions(group, capabilities) : serverOptions(group, capabilities);
  return [
    {
      words: [
        'add',
        'server',
        keyOf(server),
        address,
        'id',
        `${id}`,
        'weight',
        `${weight}`,
        ...options,
        ...checkPortOf(server),
      ],
      expected: /^New server registered\.$/,
    },
    ...admit(server),
  ];
}

/**
 * Puts a known server in as if it were new, at its present address.
 * @param isCheckedThere whether its checks go where they should then
 */
export function readmit(server: Server, group: TargetGroup, isCheckedThere: boolean): readonly Command[] {
  const key = keyOf(server);
  const { address, port } = server.member.endpoint;
  return [
    drain(key),
    {
      words: ['set', 'server', key, 'addr', address, 'port', `${port}`],
      expected: /^(no need to change|IP changed|port changed|nothing changed)/,
    },
    weigh(key, weightOf(group, server.member)),
    ...admit(server, isCheckedThere ? [] : [checkAt(server)]),
  ];
}

export function drain(key: ServerKey): Command {
  return { words: ['set', 'server', key, 'state', 'drain'], expected: NOTHING };
}

export function ready(key: ServerKey): Command {
  return { words: ['set', 'server', key, 'state', 'ready'], expected: NOTHING };
}

/** Puts it into maintenance: it gets no new requests, open ones go on. */
export function maintain(key: ServerKey): Command {
  return { words: ['set', 'server', key, 'state', 'maint'], expected: NOTHING };
}

export function weigh(key: ServerKey, weight: number): Command {
  return { words: ['set', 'server', key, 'weight', `${weight}`], expected: NOTHING };
}

/** Where it is checked from now on; only while its checks are turned on. */
export function checkAt(server: Server): Command {
  const { endpoint, checkPort } = server.member;
  return { words: ['set', 'server', keyOf(server), 'check-port', `${checkPort ?? endpoint.port}`], expected: NOTHING };
}

/** Possible once no connection is left; refused until then. */
export function remove(key: ServerKey): Command {
  return { words: ['del', 'server', key], expected: /^(Server deleted\.|No such (server|backend)\.)$/ };
}

/** Cuts the open requests. */
export function cut(key: ServerKey): Command {
  return { words: ['shutdown', 'sessions', 'server', key], expected: /^(No such (server|backend)\.)?$/ };
}

/**
 * Out of maintenance; HAProxy goes on from here without us. The order matters: a server in maintenance forgets that it was
 * set down, so that it leaves maintenance for drain first.
 * @param checked the commands to it once its checks are turned on
 */
function admit(server: Server, checked: readonly Command[] = []): readonly Command[] {
  const key = keyOf(server);
  const isReady = server.member.state === 'ready';
  if (server.standsIn) return [isReady ? ready(key) : drain(key)];
  return [
    drain(key),
    { words: ['set', 'server', key, 'health', 'down'], expected: NOTHING },
    { words: ['enable', 'health', key], expected: NOTHING },
    ...checked,
    ...(isReady ? [ready(key)] : []),
  ];
}
