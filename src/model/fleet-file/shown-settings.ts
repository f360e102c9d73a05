import type { ShownSettings } from '../fleet-facts.ts';
import type { JsonObject } from '../json.ts';
import type { SettingsSchemaSource } from './launch-template.ts';
import type { Path } from './path.ts';
import { publicIn } from './public.ts';

/** What the schemas of providers and of metric sources mark as public. */
export function shownSettings(
  providers: ReadonlyMap<string, SettingsSchemaSource>,
  sources: ReadonlyMap<string, SettingsSchemaSource>,
): ShownSettings {
  const ask = (types: ReadonlyMap<string, SettingsSchemaSource>) => (name: string, settings: JsonObject) => {
    const type = types.get(name);
    if (type === undefined) return () => false;
    const isPublic = publicIn(type.settingsSchema('/'), inFileWords(settings));
    return (path: Path) => isPublic(path.map(inFileWord));
  };
  return { provider: ask(providers), source: ask(sources) };
}

/** By convention `stopTimeout: 10s` in the file is `stopTimeoutMs: 10000` in settings, and `maxLogSize` is `maxLogSizeBytes`. */
function inFileWord(part: string | number): string | number {
  return typeof part === 'string' ? part.replace(/(?:Ms|Bytes)$/, '') : part;
}

function inFileWords(settings: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [inFileWord(key), value]));
}
