import type { Mutation, Tests } from './mutation.ts';

const REGISTRATION: Tests = { tests: ['src/decide/registration.test.ts'] };
const PLACEMENT: Tests = { tests: ['src/decide/placement.test.ts'] };

/** Where a server is launched, and what is done at both ends of its life. */
export const SERVERS: readonly Mutation[] = [
  {
    name: 'zones: servers are not spread over them',
    file: 'src/decide/placement.ts',
    find: 'count(placement) < count(best)',
    replace: 'false',
    caughtBy: PLACEMENT,
  },
  {
    name: 'zones: scaling in does not keep the balance',
    file: 'src/decide/victims.ts',
    find: 'chosen.left - zone.left',
    replace: '0',
    caughtBy: PLACEMENT,
  },
  {
    name: 'zones: what is in a zone that cannot be seen is gone',
    file: 'src/decide/sight.ts',
    find: 'isZoneUnseen(previous, instance)',
    replace: 'previous.at > Number.MAX_VALUE',
    caughtBy: PLACEMENT,
  },
  {
    name: 'zones: a machine that was moved is gone once its new zone cannot be seen',
    file: 'src/decide/zones.ts',
    find: 'placement: { ...placement, zone } };',
    replace: 'placement };',
    caughtBy: PLACEMENT,
  },
  {
    name: 'zones: a launch has failed because its zone cannot be seen',
    file: 'src/decide/machine-addresses.ts',
    find: ' || isZoneUnseen(machines.value, instance)',
    replace: '',
    caughtBy: PLACEMENT,
  },
  {
    name: 'zones: a zone that cannot be seen gets new servers',
    file: 'src/decide/placement.ts',
    find: 'zone === null || !unseen.has(zone)',
    replace: 'zone === null || zone !== String(unseen)',
    caughtBy: PLACEMENT,
  },
  {
    name: 'zones: a place without room is asked again at once',
    file: 'src/decide/placement.ts',
    find: '!full.some((one) => isSame(one, placement))',
    replace: 'true',
    caughtBy: PLACEMENT,
  },
  {
    name: 'zones: machines of a zone that was out of sight are orphans after the records were lost',
    file: 'src/decide/adoption.ts',
    find: 'adoptFromZones(draft);\n    followOrphans',
    replace: 'followOrphans',
    caughtBy: PLACEMENT,
  },
  {
    name: 'registration: a server that has not answered Drover is a member',
    file: 'src/model/lifecycle.ts',
    find: 'probing: { ...PENDING, member: null',
    replace: "probing: { ...PENDING, member: 'ready'",
    caughtBy: { invariant: 'probedFirst', seeds: 100 },
  },
  {
    name: 'registration: an answer that is not well will do',
    file: 'src/decide/registration.ts',
    find: 'if (answered?.healthy === true ||',
    replace: 'if (answered !== null ||',
    caughtBy: REGISTRATION,
  },
  {
    name: 'termination command: the server is terminated without it',
    file: 'src/decide/due.ts',
    find: 'if (owesCommand(draft, instance)) draft.due.command.push(id);',
    replace: 'if (owesCommand(draft, instance) && draft.now < 0) draft.due.command.push(id);',
    caughtBy: { invariant: 'commandFirst', seeds: 100 },
  },
  {
    name: 'aws: an instance without the tags of the fleet is terminated',
    file: 'src/providers/aws/provider.ts',
    find: 'this.#isNew(machineId) || tagsOf(instance?.Tags ?? [], this.#fleet) !== null',
    replace: 'this.#isNew(machineId) || instance !== undefined',
    caughtBy: { tests: ['test/components/aws/provider.test.ts'] },
  },
  {
    name: 'aws: a launch with other settings gets another client token, and so a second machine',
    file: 'src/providers/aws/run-instances.ts',
    find: 'clientToken(place.fleet, request.instanceId)',
    replace: "clientToken(place.fleet, request.instanceId + (userData ?? ''))",
    caughtBy: { tests: ['test/components/aws/provider.test.ts'] },
  },
  {
    name: 'aws: an instance that shuts down does not count any more',
    file: 'src/providers/aws/machines.ts',
    find: "    case 'terminated':\n",
    replace: "    case 'terminated':\n    case 'shutting-down':\n",
    caughtBy: { tests: ['test/components/aws/provider.test.ts'] },
  },
  {
    name: 'static: a host that serves another fleet is taken',
    file: 'src/providers/static/claim.ts',
    find: 'claim 2>/dev/null || true',
    replace: 'claim 2>/dev/null || mv -f .claim.* claim',
    caughtBy: { tests: ['test/components/static/provider.test.ts'] },
  },
  {
    name: 'static: a host whose key is not known is talked to',
    file: 'src/providers/static/settings.ts',
    find: 'StrictHostKeyChecking=yes',
    replace: 'StrictHostKeyChecking=no',
    caughtBy: { tests: ['test/components/static/provider.test.ts'] },
  },
];
