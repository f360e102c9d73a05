import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/model/json.ts';
import type { Reading } from '../../src/model/observation.ts';
import type { MetricContext, MetricSource, MetricSourceType } from '../../src/ports/metric-source.ts';
import { systemClock } from '../../src/system/clock.ts';

/** What a source reads from, as far as a test can change it. */
export interface MeasuredWorld {
  readonly type: MetricSourceType;
  /** As a person writes them; paths are relative to `baseDir`. */
  readonly settings: JsonObject;
  readonly baseDir: string;
  readonly context?: Partial<Pick<MetricContext, 'observations' | 'servers'>>;
  /** What nobody may get to see. */
  readonly secret?: string;
  /** From now on it is this number. At first it is 7. */
  readonly tells?: (value: number) => Promise<void>;
  /** From now on it is something that is no number. */
  readonly babbles?: () => Promise<void>;
  /** From now on there is nothing, or nobody who answers. */
  readonly fails?: () => Promise<void>;
  /** From now on there is no answer, ever. What is returned says whether somebody has asked since. */
  readonly hangs?: () => Promise<() => Promise<boolean>>;
  close(): Promise<void>;
}

/** No reading of the suite takes longer on its own. */
const READ_TIMEOUT_MS = 5_000;
const ASKED_POLL_MS = 5;

/** What every implementation of the port `MetricSource` does. */
export function describeMetricSourceConformance(name: string, make: () => Promise<MeasuredWorld>): void {
  describe(`metric source conformance: ${name}`, () => {
    let world: MeasuredWorld;
    let source: MetricSource;

    beforeEach(async () => {
      world = await make();
      const settings = world.type.settingsSchema(world.baseDir).parse(world.settings);
      source = world.type.create({
        settings,
        clock: systemClock,
        observations: () => [],
        servers: () => [],
        isOwn: () => true,
        ...world.context,
      });
    });
    afterEach(() => world.close());

    const read = () => source.read(AbortSignal.timeout(READ_TIMEOUT_MS));

    function expectMissing(reading: Reading): void {
      if (reading.kind !== 'missing') expect.fail(`it reads ${reading.value}`);
      expect(reading.detail).toMatch(/\S \S/);
      expect(reading.detail).not.toMatch(/\p{Cc}/u);
      expect(reading.detail.length).toBeLessThan(500);
      expect(reading.at).toBeGreaterThan(Date.now() - 60_000);
      if (world.secret !== undefined) expect(JSON.stringify(reading)).not.toContain(world.secret);
    }

    it('reads the number, and when it was so', async () => {
      const before = Date.now();
      const reading = await read();
      expect(reading).toMatchObject({ kind: 'value', value: 7, at: expect.any(Number) });
      // Some sources know seconds only, or what the file system makes of the time.
      expect(Math.abs(reading.at - before)).toBeLessThan(READ_TIMEOUT_MS);
    });

    it('follows the number, also to a true zero', async ({ skip }) => {
      const { tells } = world;
      if (tells === undefined) return skip();
      for (const value of [0, 12, 350]) {
        await tells(value);
        expect(await read()).toMatchObject({ kind: 'value', value });
      }
    });

    it('that fails is missing and not zero, and comes back', async ({ skip }) => {
      const { fails, tells } = world;
      if (fails === undefined || tells === undefined) return skip();
      await read();
      await fails();
      expectMissing(await read());
      await tells(4);
      expect(await read()).toMatchObject({ kind: 'value', value: 4 });
    });

    it('is missing where there is something else than a number', async ({ skip }) => {
      const { babbles } = world;
      if (babbles === undefined) return skip();
      await babbles();
      expectMissing(await read());
    });

    it('rejects with an error of the ports when it is called off while it waits', async ({ skip }) => {
      const { hangs } = world;
      if (hangs === undefined) return skip();
      const isAsked = await hangs();
      const stop = new AbortController();
      const reading = source.read(stop.signal);
      const rejected = expect(reading).rejects.toMatchObject({ name: 'PortError', code: 'aborted' });
      await expect.poll(isAsked, { interval: ASKED_POLL_MS }).toBe(true);
      stop.abort();
      await rejected;
    });

    it('can be read by many at once', async () => {
      const readings = await Promise.all(Array.from({ length: 8 }, read));
      expect(readings.map((reading) => reading.kind === 'value' && reading.value)).toEqual(Array(8).fill(7));
    });

    it('lets go of its watch, however often it is told to', () => {
      const stop = source.watch(() => {});
      stop();
      stop();
    });

    describe('settings', () => {
      const schema = () => world.type.settingsSchema(world.baseDir);

      it('know no key that is not theirs', () => {
        const result = schema().safeParse({ ...world.settings, nobodyKnowsThis: 1 });
        expect(result.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys' });
      });

      it('stay the same when they are validated again, in any folder', () => {
        const settings = schema().parse(world.settings);
        expect(world.type.settingsSchema('/elsewhere').parse(settings)).toEqual(settings);
        expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
      });

      it('are described, each of them', () => {
        const json = z.toJSONSchema(schema(), { io: 'input', unrepresentable: 'any' });
        const shapes = json.oneOf ?? [json];
        for (const shape of shapes) {
          for (const [key, property] of Object.entries(shape.properties ?? {})) {
            expect(property, key).toHaveProperty('description');
          }
        }
      });
    });
  });
}
