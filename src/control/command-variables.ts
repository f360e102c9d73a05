import { END_CAUSES, type Instance } from '../model/instance.ts';

/** What a termination command gets to know of its server. */
export function commandVariables(fleet: string, { id, group, machine, launchTemplate, state }: Instance) {
  return {
    DROVER_FLEET: fleet,
    DROVER_GROUP: group,
    DROVER_INSTANCE_ID: id,
    DROVER_PROVIDER: launchTemplate.provider,
    DROVER_MACHINE_ID: machine?.id ?? '',
    DROVER_ADDRESS: machine?.addresses[0] ?? '',
    // The port of a server that its provider has given one of its own.
    DROVER_PORT: machine?.ports?.length === 1 ? String(machine.ports[0]?.hostPort ?? '') : '',
    DROVER_REASON: state.name === 'terminating' ? END_CAUSES[state.cause] : '',
  };
}
