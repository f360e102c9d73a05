import { callsOf, calmConditions } from '../world/conditions.ts';
import type { Scenario } from './scenario.ts';

/** The names of all that goes wrong or happens in a scenario: what can be switched off one by one. */
export function switchesOf({ conditions, happenings, crashes }: Scenario): string[] {
  const calls = Object.entries(callsOf(conditions)).flatMap(([name, { faults }]) =>
    Object.entries(faults).flatMap(([fault, rate]) => (rate > 0 ? [`${name}.${fault}`] : [])),
  );
  const knobs = Object.entries(conditions).flatMap(([port, values]) =>
    Object.entries(values).flatMap(([knob, value]) => (isOn(port, knob, value) ? [`${port}.${knob}`] : [])),
  );
  return [
    ...happenings.map((_, index) => `happening.${index + 1}`),
    ...crashes.flatMap((crash, index) => (crash === null ? [] : [`crash.${index + 1}`])),
    ...calls,
    ...knobs,
  ];
}

/** The scenario with only those left on. It is changed by that. */
export function withOnly(scenario: Scenario, only: ReadonlySet<string>): Scenario {
  const { conditions, happenings, crashes } = scenario;
  for (const [name, call] of Object.entries(callsOf(conditions))) {
    call.faults = Object.fromEntries(Object.entries(call.faults).filter(([fault]) => only.has(`${name}.${fault}`)));
  }
  for (const [port, knobs] of Object.entries(conditions)) {
    for (const [knob, value] of Object.entries(knobs)) {
      if (isOn(port, knob, value) && !only.has(`${port}.${knob}`))
        Object.assign(knobs, { [knob]: CALM.get(port)?.get(knob) });
    }
  }
  return {
    ...scenario,
    happenings: happenings.filter((_, index) => only.has(`happening.${index + 1}`)),
    crashes: crashes.map((crash, index) => (only.has(`crash.${index + 1}`) ? crash : null)),
  };
}

const CALM: ReadonlyMap<string, ReadonlyMap<string, unknown>> = new Map(
  Object.entries(calmConditions({ minMs: 1, maxMs: 1 })).map(([port, knobs]) => [port, new Map(Object.entries(knobs))]),
);

/** The faults of a call have switches of their own. */
function isOn(port: string, knob: string, value: unknown): boolean {
  const isCall = typeof value === 'object' && value !== null && 'faults' in value;
  return !isCall && JSON.stringify(value) !== JSON.stringify(CALM.get(port)?.get(knob));
}
