/** The runtime API's commands that change servers, with the replies that mean success. */

import type { TargetGroup } from '../model/fleet.ts';
import type { Member } from '../ports/load-balancer.ts';
import type { Capabilities } from './capabilities.ts';
import type { Words } from './encoder.ts';
import { authority, keyOf, type ServerKey } from './members.ts';
import { serverOptions, weightOf } from './render.ts';

export interface Command {
  readonly words: Words;
  /** The one-line replies that are as wanted; HAProxy answers most commands with nothing. */
  readonly expected: RegExp;
}

const NOTHING = /^$/;

/**
 * A new server, which gets no traffic before its checks have passed; HAProxy finishes that without us. The order matters: a
 * server in maintenance forgets that it was set down, so that it leaves maintenance for drain first.
 */
export function add(member: Member, group: TargetGroup, id: number, capabilities: Capabilities): readonly Command[] {
  const key = keyOf(member);
  const weight = weightOf(group, member);
  const address = authority(member.endpoint);
  return [
    {
      words: [
        'add',
        'server',
        key,
        address,
        'id',
        `${id}`,
        'weight',
        `${weight}`,
        ...serverOptions(group, capabilities),
      ],
      expected: /^New server registered\.$/,
    },
    ...admit(member),
  ];
}

/** Puts a known server in as if it were new, at its present address. */
export function readmit(member: Member, group: TargetGroup): readonly Command[] {
  const { address, port } = member.endpoint;
  return [
    drain(keyOf(member)),
    {
      words: ['set', 'server', keyOf(member), 'addr', address, 'port', `${port}`],
      expected: /^(no need to change|IP changed|port changed|nothing changed)/,
    },
    weigh(keyOf(member), weightOf(group, member)),
    ...admit(member),
  ];
}

export function drain(key: ServerKey): Command {
  return { words: ['set', 'server', key, 'state', 'drain'], expected: NOTHING };
}

export function ready(key: ServerKey): Command {
  return { words: ['set', 'server', key, 'state', 'ready'], expected: NOTHING };
}

/** No new requests from now on; open ones go on. */
export function takeOut(key: ServerKey): Command {
  return { words: ['set', 'server', key, 'state', 'maint'], expected: NOTHING };
}

export function weigh(key: ServerKey, weight: number): Command {
  return { words: ['set', 'server', key, 'weight', `${weight}`], expected: NOTHING };
}

/** Possible once no connection is left; refused until then. */
export function remove(key: ServerKey): Command {
  return { words: ['del', 'server', key], expected: /^(Server deleted\.|No such (server|backend)\.)$/ };
}

/** Cuts the open requests. */
export function cut(key: ServerKey): Command {
  return { words: ['shutdown', 'sessions', 'server', key], expected: /^(No such (server|backend)\.)?$/ };
}

function admit(member: Member): readonly Command[] {
  const key = keyOf(member);
  return [
    drain(key),
    { words: ['set', 'server', key, 'health', 'down'], expected: NOTHING },
    { words: ['enable', 'health', key], expected: NOTHING },
    ...(member.state === 'ready' ? [ready(key)] : []),
  ];
}
