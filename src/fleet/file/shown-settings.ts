import type { z } from 'zod';
import type { JsonObject } from '../../model/json.ts';
import type { Path } from '../../settings/path.ts';
import { publicIn } from '../../settings/public.ts';
import type { SettingsTypes } from '../../settings/settings-schema.ts';
import type { ShownSettings } from '../facts.ts';
import { instanceSettings } from './provider-instance.ts';

/** What the schemas of providers, metric sources and types of notifications mark as public. */
export function shownSettings({ providers, sources, notifiers = new Map() }: SettingsTypes): ShownSettings {
  const ask =
    <T>(types: ReadonlyMap<string, T>, schema: (type: T) => z.ZodType) =>
    (name: string, settings: JsonObject) => {
      const type = types.get(name);
      if (type === undefined) return () => false;
      const isPublic = publicIn(schema(type), inFileWords(settings));
      return (path: Path) => isPublic(path.map(inFileWord));
    };
  return {
    provider: ask(providers, (type) => instanceSettings(type, '/')),
    launchTemplate: ask(providers, (type) => type.settingsSchema('/')),
    source: ask(sources, (type) => type.settingsSchema('/')),
    notifier: ask(notifiers, (type) => type.settingsSchema('/')),
  };
}

/** By convention `stopTimeout: 10s` in the file is `stopTimeoutMs: 10000` in settings, and `maxLogSize` is `maxLogSizeBytes`. */
function inFileWord(part: string | number): string | number {
  return typeof part === 'string' ? part.replace(/(?:Ms|Bytes)$/, '') : part;
}

function inFileWords(settings: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [inFileWord(key), value]));
}
