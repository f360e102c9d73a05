import type { z } from 'zod';
import type { JsonObject } from '../model/json.ts';
import type { Problem } from './explain.ts';

/** What the fleet file needs of a provider, or of a metric source. */
export interface SettingsSchemaSource {
  /** Describes an object without the keys that all of its kind have (`provider`, `source`, ...); durations in its output have keys that end in `Ms`. */
  settingsSchema(baseDir: string): z.ZodType<JsonObject>;
  /** Why a group's servers cannot work, though each setting is right by itself; paths begin in the settings. */
  settingsProblems?(settings: JsonObject, use: TemplateUse): readonly Problem[];
  /** Of a provider: how its servers are reached. */
  readonly capabilities?: { readonly ports: 'direct' | 'assigned' };
}

/** What a launch template is for. */
export interface TemplateUse {
  /** The most servers that the group may have at a time. */
  readonly maxSize: number;
  /** What load balancers of the fleet listen on. */
  readonly listeners: readonly { readonly where: string; readonly address: string; readonly port: number }[];
}
