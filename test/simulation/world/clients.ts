import type { Endpoint } from '../../../src/model/instance.ts';
import type { LoadBalancerHost, SimMember } from './load-balancer-host.ts';
import { type Machines, serverState } from './machines.ts';

/** A request that its server does not answer before it is told to. */
export interface HeldRequest {
  readonly endpoint: Endpoint;
  /** Lets the server answer. False when the request has been broken off before. */
  finish(): boolean;
}

/** HAProxy gives a request to another server when it cannot connect to one, but not for ever. */
const TRIES = 5;

/** Single requests to a load balancer, beside the steady flow of them, for those who want to know what becomes of each. */
export class Clients {
  readonly #host: LoadBalancerHost;
  readonly #machines: Machines;
  #turn = 0;

  constructor(host: LoadBalancerHost, machines: Machines) {
    this.#host = host;
    this.#machines = machines;
  }

  /** One that is answered at once: by whom; null when it was not. */
  send(targetGroup: string): Endpoint | null {
    const request = this.open(targetGroup);
    return request?.finish() === true ? request.endpoint : null;
  }

  /** One that is answered later; null when nobody took it. */
  open(targetGroup: string): HeldRequest | null {
    const member = this.#pick(targetGroup);
    return member === null ? null : { endpoint: member.member.endpoint, finish: member.requests.hold() };
  }

  /** Servers take turns. One that hangs keeps the request until the client gives up. */
  #pick(targetGroup: string): SimMember | null {
    const host = this.#host;
    const members = [...host.members()].filter((one) => one.member.targetGroup === targetGroup && host.routesTo(one));
    for (let tries = 0; tries < TRIES; tries++) {
      const member = members[this.#turn++ % members.length];
      if (member === undefined || host.partitioned) return null;
      const state = serverState(this.#machines.at(member.member.endpoint));
      if (state !== 'dead') return state === 'hung' ? null : member;
    }
    return null;
  }
}
