import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/model/json.ts';
import type { MetricContext, MetricSource, MetricSourceType } from '../../src/ports/metric-source.ts';
import { systemClock } from '../../src/system/clock.ts';

/** A source with the settings as a person writes them. */
export function sourceOf(
  type: MetricSourceType,
  settings: JsonObject,
  context: Partial<MetricContext> = {},
  baseDir = '/',
): MetricSource {
  return type.create({
    settings: type.settingsSchema(baseDir).parse(settings),
    clock: systemClock,
    observations: () => [],
    servers: () => [],
    isOwn: () => true,
    ...context,
  });
}

/** What is wrong with settings, in one line each. */
export function problemsOf(type: MetricSourceType, settings: unknown): string[] {
  const issues = type.settingsSchema('/').safeParse(settings).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

export const NO_ABORT = new AbortController().signal;

/** A folder that is gone after the test. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-metric-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}
