/** What the fake sells: a small part of what the real one does. */

import type { components } from '../../../src/providers/hetzner/generated/api.ts';

type Schemas = components['schemas'];
export type Location = Schemas['location'];
export type ServerType = Schemas['server_type'];
export type Image = Schemas['image'];

const LONG_AGO = '2024-01-01T00:00:00Z';

function location(id: number, name: string, city: string, country: string, network_zone: string): Location {
  return { id, name, description: `${city} DC Park`, city, country, latitude: 50.5, longitude: 12.4, network_zone };
}

export const LOCATIONS: readonly Location[] = [
  location(1, 'fsn1', 'Falkenstein', 'DE', 'eu-central'),
  location(2, 'nbg1', 'Nuremberg', 'DE', 'eu-central'),
  location(3, 'hel1', 'Helsinki', 'FI', 'eu-central'),
  location(4, 'ash', 'Ashburn', 'US', 'us-east'),
];

function serverType(id: number, name: string, architecture: 'x86' | 'arm', where: readonly string[]): ServerType {
  const price = { net: '0.0060000000', gross: '0.0071400000' };
  return {
    id,
    name,
    description: name.toUpperCase(),
    category: 'Shared vCPU',
    architecture,
    cores: 2,
    memory: 4,
    disk: 40,
    cpu_type: 'shared',
    storage_type: 'local',
    deprecated: false,
    deprecation: null,
    locations: LOCATIONS.flatMap((one) =>
      where.includes(one.name) ? [{ id: one.id, name: one.name, deprecation: null }] : [],
    ),
    prices: where.map((name) => ({
      location: name,
      included_traffic: 21_990_232_555_520,
      price_hourly: price,
      price_monthly: price,
      price_per_tb_traffic: price,
    })),
  };
}

export const SERVER_TYPES: readonly ServerType[] = [
  serverType(22, 'cx23', 'x86', ['fsn1', 'nbg1', 'hel1']),
  serverType(33, 'cpx21', 'x86', ['fsn1', 'nbg1', 'hel1', 'ash']),
  serverType(45, 'cax11', 'arm', ['fsn1', 'nbg1', 'hel1']),
];

interface ImageParts {
  readonly id: number;
  readonly name: string | null;
  readonly type: Image['type'];
  readonly architecture?: Image['architecture'];
  readonly created?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function image({ id, name, type, architecture = 'x86', created = LONG_AGO, labels = {} }: ImageParts): Image {
  return {
    id,
    name,
    type,
    architecture,
    created,
    labels: { ...labels },
    description: name ?? `snapshot ${id}`,
    status: 'available',
    image_size: type === 'system' ? null : 2.3,
    disk_size: 10,
    created_from: null,
    bound_to: null,
    os_flavor: 'debian',
    os_version: '13',
    rapid_deploy: type === 'system',
    protection: { delete: false },
    deprecated: null,
    deleted: null,
  };
}

export const IMAGES: readonly Image[] = [
  image({ id: 114_690_387, name: 'debian-13', type: 'system' }),
  image({ id: 114_690_389, name: 'debian-13', type: 'system', architecture: 'arm' }),
];

export function datacenterOf(place: Location): Schemas['data_center'] {
  const types = SERVER_TYPES.filter(({ locations }) => locations.some(({ id }) => id === place.id));
  const ids = types.map(({ id }) => id);
  return {
    id: place.id + 1,
    name: `${place.name}-dc1`,
    description: `${place.city} virtual DC 1`,
    location: place,
    server_types: { available: ids, available_for_migration: ids, supported: ids },
  };
}
