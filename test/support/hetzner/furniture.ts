/** What a project has beside servers, as the API gives it. */

import type { components } from '../../../src/providers/hetzner/generated/api.ts';
import { now } from './refusal.ts';

type Schemas = components['schemas'];
export type Network = Schemas['network'];
export type Firewall = Schemas['firewall'];
export type SshKey = Schemas['ssh_key'];

export function networkOf(id: number, name: string): Network {
  return {
    id,
    name,
    created: now(),
    ip_range: '127.0.0.0/8',
    labels: {},
    expose_routes_to_vswitch: false,
    load_balancers: [],
    servers: [],
    routes: [],
    subnets: [],
    protection: { delete: false },
  };
}

export function firewallOf(id: number, name: string): Firewall {
  return { id, name, created: now(), labels: {}, rules: [], applied_to: [] };
}

export function sshKeyOf(id: number, name: string): SshKey {
  return {
    id,
    name,
    created: now(),
    labels: {},
    fingerprint: 'b7:2f:30:a0:2f:6c:58:6c:21:04:58:61:ba:06:3b:2f',
    public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA',
  };
}
