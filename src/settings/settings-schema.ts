import type { z } from 'zod';
import type { JsonObject } from '../model/json.ts';
import type { Problem } from './explain.ts';

/** What the fleet file needs of a provider type, or of a metric source. */
export interface SettingsSchemaSource {
  /**
   * Describes an object without the keys that all of its kind have (`provider`, `source`, ...); durations in its output have keys that end in `Ms`.
   * Relative paths are resolved against `baseDir`.
   */
  settingsSchema(baseDir: string): z.ZodType<JsonObject>;
}

/** What the fleet file needs of a type of notifications. */
export interface NotifierSchemaSource extends SettingsSchemaSource {
  /** Each activity, or what has happened in a few words. */
  readonly takes: 'all' | 'summary';
}

/** What the fleet file needs of a provider type; `settings` are a launch template's. */
export interface ProviderSchemaSource extends SettingsSchemaSource {
  /**
   * Describes an entry of `providers` without `type`. Credentials are named in it (a file, a variable), never held. A type without it has no
   * settings. Where an empty object is valid, the type may be used by its own name, without an entry.
   */
  providerSettingsSchema?(baseDir: string): z.ZodType<JsonObject>;
  /** How and where the servers of an instance with these settings are. */
  capabilities?(settings: JsonObject): PlacementCapabilities;
  /** Why a group's servers cannot work, though each setting is right by itself; paths begin in the settings. */
  settingsProblems?(settings: JsonObject, use: TemplateUse): readonly Problem[];
}

/** What of an instance's capabilities a fleet file is checked against. */
export interface PlacementCapabilities {
  readonly ports: 'direct' | 'assigned';
  readonly zones: readonly string[];
  readonly instanceTypes: boolean;
}

/** What a launch template is for. */
export interface TemplateUse {
  /** The most servers that the group may have at a time. */
  readonly maxSize: number;
  /** What load balancers of the fleet listen on. */
  readonly listeners: readonly { readonly where: string; readonly address: string; readonly port: number }[];
}

/** Everything that an entry of a fleet file may name as its type, by name. */
export interface SettingsTypes {
  readonly providers: ReadonlyMap<string, ProviderSchemaSource>;
  /** Metric sources. */
  readonly sources: ReadonlyMap<string, SettingsSchemaSource>;
  /** Types of notifications; none where left out. */
  readonly notifiers?: ReadonlyMap<string, NotifierSchemaSource>;
}
