import type { HealthCheck } from '../../../src/model/fleet.ts';
import type { Endpoint } from '../../../src/model/instance.ts';
import { asPortError, isDefect } from '../../../src/ports/errors.ts';
import type { Probe, ProbeAnswer } from '../../../src/ports/probe.ts';
import { type CallConditions, simulateCall } from './call.ts';
import { type Machines, serverState } from './machines.ts';
import type { Random } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface ProbeConditions {
  readonly check: CallConditions;
  /** How often it says the opposite of what is so. */
  wrong: number;
}

export interface SimProbeOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly machines: Machines;
  readonly conditions: ProbeConditions;
  /** Whether the controller's host can reach the servers now. */
  readonly reaches: () => boolean;
  readonly onAnswer: (endpoint: Endpoint, answer: ProbeAnswer) => void;
}

/** The controller's own observation of the servers of the simulated world. */
export class SimProbe implements Probe {
  readonly #options: SimProbeOptions;

  constructor(options: SimProbeOptions) {
    this.#options = options;
  }

  async check(endpoint: Endpoint, _healthCheck: HealthCheck, signal: AbortSignal): Promise<ProbeAnswer> {
    const { clock, random, trace, conditions, onAnswer } = this.#options;
    const call = { clock, random, conditions: conditions.check, signal, outlivesCaller: false };
    const answer = await simulateCall({
      ...call,
      effect: () => this.#observe(endpoint),
      onFault: (fault) => trace.note('probe', `${endpoint.address} ${fault}`),
    }).catch((error: unknown): ProbeAnswer => {
      if (isDefect(error)) throw error;
      return { healthy: false, answered: false, detail: asPortError(error).message };
    });
    onAnswer(endpoint, answer);
    return answer;
  }

  #observe(endpoint: Endpoint): ProbeAnswer {
    const { machines, reaches, random, conditions } = this.#options;
    if (!reaches()) return { healthy: false, answered: false, detail: 'connect ETIMEDOUT' };
    const state = serverState(machines.at(endpoint));
    const healthy = random.chance(conditions.wrong) ? state !== 'well' : state === 'well';
    if (healthy) return { healthy, answered: true, detail: 'answered 200' };
    const answered = state === 'sick';
    return { healthy, answered, detail: answered ? 'answered 503' : 'connect ECONNREFUSED' };
  }
}
