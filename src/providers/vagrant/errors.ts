import { oneLine } from '../../base/quoted.ts';
import type { Reaction } from '../../model/observation.ts';
import { PortError } from '../../ports/errors.ts';
import type { VagrantError } from './machine-readable.ts';

/** What somebody else has: the launch goes on with the next address. */
export const ADDRESS_TAKEN = 'addressTaken';

interface Meaning {
  readonly reaction: Reaction;
  readonly code: string;
  /** What a person does next. */
  readonly remedy: string;
}

const RUN_OUT: Meaning = {
  reaction: 'NoCapacity',
  code: 'hostFull',
  remedy: 'free memory or disk on the host of the machines, or ask for smaller servers',
};
const UNUSABLE: Meaning = {
  reaction: 'Invalid',
  code: 'providerUnusable',
  remedy: 'install it, or the plugin for it (vagrant plugin install vagrant-libvirt), for the user that Drover runs as',
};
const UNREACHABLE: Meaning = {
  reaction: 'Transient',
  code: 'unreachable',
  remedy: 'see that it runs, and that uri or dockerHost is right',
};
const FORBIDDEN: Meaning = {
  reaction: 'Unauthorized',
  code: 'forbidden',
  remedy: "add Drover's user to the group that may use it (docker, libvirt, vboxusers)",
};
const NO_BOX: Meaning = { reaction: 'Invalid', code: 'noBox', remedy: 'add it: vagrant box add NAME' };
const BAD_NETWORK: Meaning = {
  reaction: 'Invalid',
  code: 'network',
  remedy: 'choose another privateNetwork, one that nobody else on this host uses and that the provider allows',
};
const LOCKED: Meaning = {
  reaction: 'Transient',
  code: 'locked',
  remedy: 'another vagrant still works on this machine; it is tried again',
};
const SLOW_BOOT: Meaning = {
  reaction: 'Transient',
  code: 'boot',
  remedy: 'look at the console of a server of this box; it was not reached by ssh in time',
};
const WRONG_SETTINGS: Meaning = { reaction: 'Invalid', code: 'settings', remedy: 'correct the launch template' };
const NAME_TAKEN: Meaning = {
  reaction: 'Invalid',
  code: 'nameTaken',
  remedy: 'Drover knows nothing of that one; delete or rename it',
};
const FAILED: Meaning = { reaction: 'Transient', code: 'vagrantFailed', remedy: 'it is tried again' };
const PROVISIONING: Meaning = {
  reaction: 'Transient',
  code: 'provisioning',
  remedy: 'the server is removed, and a new one is tried; run the script by hand on one of this box',
};

/** By the class of Vagrant's error, without what is before its last colons. */
const BY_KIND: ReadonlyMap<string, Meaning> = new Map([
  ['MachineActionLockedError', LOCKED],
  ['MachineLocked', LOCKED],
  ['EnvironmentLockedError', LOCKED],
  ['VMBootTimeout', SLOW_BOOT],
  ['VMBootBadState', SLOW_BOOT],
  ['SSHNotReady', SLOW_BOOT],
  ['NoIpAddressError', SLOW_BOOT],
  ['ConfigInvalid', WRONG_SETTINGS],
  ['VagrantfileLoadError', WRONG_SETTINGS],
  ['ImageNotConfiguredError', WRONG_SETTINGS],
  ['VMCustomizationFailed', WRONG_SETTINGS],
  ['VMNameExists', NAME_TAKEN],
  ['VirtualBoxNameExists', NAME_TAKEN],
  ['NetworkCollision', BAD_NETWORK],
  ['NetworkAddressInvalid', BAD_NETWORK],
  ['NetworkSubnetInvalid', BAD_NETWORK],
  ['NetworkDHCPAlreadyAttached', BAD_NETWORK],
  ['VirtualBoxInvalidHostSubnet', BAD_NETWORK],
  ['VirtualBoxNoRoomForHighLevelNetwork', BAD_NETWORK],
  ['NetworkNotAvailableError', BAD_NETWORK],
  ['CreateNetworkError', BAD_NETWORK],
  ['NoDefaultProvider', UNUSABLE],
  ['ProviderNotFound', UNUSABLE],
  ['ProviderNotFoundSuggestion', UNUSABLE],
  ['ProviderNotUsable', UNUSABLE],
  ['ProviderCantInstall', UNUSABLE],
  ['VirtualBoxNotDetected', UNUSABLE],
  ['VirtualBoxKernelModuleNotLoaded', UNUSABLE],
  ['VirtualBoxInstallIncomplete', UNUSABLE],
  ['VBoxManageNotFoundError', UNUSABLE],
  ['VBoxManageLaunchError', UNUSABLE],
  ['FogLibvirtConnectionError', UNREACHABLE],
  ['NoStoragePool', { ...WRONG_SETTINGS, code: 'storagePool' }],
]);

const BOX_KINDS = /^Box(?!AlreadyExists)/;

/** By what a hypervisor, an engine or a script has said: Vagrant hands it on inside of a more general error. The first one counts. */
const BY_TEXT: readonly (readonly [RegExp, Meaning])[] = [
  [/responded with a non-zero exit status/i, PROVISIONING],
  [/container name .* is already in use|domain about to create is already taken/i, NAME_TAKEN],
  [/no space left on device|disk quota exceeded|not enough (?:free )?space|VERR_DISK_FULL/i, RUN_OUT],
  [/cannot allocate memory|cannot set up guest memory|out of memory|VERR_NO_MEMORY|E_OUTOFMEMORY/i, RUN_OUT],
  [/address already in use|IP address .*already (?:in use|allocated)/i, { ...FAILED, code: ADDRESS_TAKEN }],
  [/pool overlaps with other one|Network is already in use by interface/i, BAD_NETWORK],
  [
    /permission denied while trying|dial unix .*permission denied|authentication (?:failed|unavailable)|polkit/i,
    FORBIDDEN,
  ],
  [/Failed to connect socket to .*: Permission denied/i, FORBIDDEN],
  [
    /cannot connect to the docker daemon|connection refused|failed to connect (?:socket )?to|Unable to connect to/i,
    UNREACHABLE,
  ],
  [
    /pull access denied|manifest (?:for \S+ not found|unknown)|no such image|repository does not exist/i,
    { reaction: 'Invalid', code: 'noImage', remedy: 'correct providerSettings.image, or pull it: docker pull IMAGE' },
  ],
  [
    /unable to find image|error pulling image|TLS handshake timeout/i,
    {
      reaction: 'Transient',
      code: 'image',
      remedy: 'the image is not here and cannot be fetched now: docker pull IMAGE',
    },
  ],
  [/provider '.*' could not be found|is not a registered provider/i, UNUSABLE],
];

/** What a failure of Vagrant, or of a hypervisor's program, calls for. @param what is done, as the subject of the sentence */
export function meaningOf(error: VagrantError, what: string): PortError {
  const { reaction, code, remedy } = find(error);
  const said = oneLine(error.message).replace(/\.$/, '');
  return new PortError(reaction, code, `${what}: ${said === '' ? 'it has failed' : said}; ${remedy}`);
}

function find({ kind, message }: VagrantError): Meaning {
  const byText = BY_TEXT.find(([pattern]) => pattern.test(message));
  if (byText !== undefined) return byText[1];
  const name = kind.split('::').at(-1) ?? '';
  return BY_KIND.get(name) ?? (BOX_KINDS.test(name) ? NO_BOX : FAILED);
}
