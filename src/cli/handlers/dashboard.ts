import type { Command } from 'commander';
import { type Context, print, withClient } from '../context.ts';

export interface DashboardOptions {
  readonly role: 'viewer' | 'operator' | 'admin';
}

export async function dashboard(context: Context, { role }: DashboardOptions, command: Command): Promise<void> {
  print(context, await withClient(context, command, (client, signal) => client.dashboardLink(role, signal)));
}
