import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PLAIN_ACTIVITY, type StoredActivity } from '../../src/model/activity.ts';
import type { NotificationMessage } from '../../src/model/notification-message.ts';
import type { Notifier } from '../../src/ports/notifier.ts';

/** A receiver of the kind that a notifier sends to, with the limits of the real one. */
export interface NotifierHarness {
  readonly notifier: Notifier;
  /** The texts that a person, or a program, reads there, message by message; it refuses what the real one would refuse. */
  texts(): Promise<readonly string[]>;
  /** What the receiver does from now on: `refuses` says back what it was told, all of it; `fails` is over soon. */
  become(how: 'taking' | 'refusing' | 'failing' | 'hanging'): Promise<void>;
  /** What must not be shown. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export function aMessage(changes: Partial<NotificationMessage> = {}): NotificationMessage {
  return {
    id: 'msg_7',
    kind: 'activities',
    fleet: 'shop',
    destination: 'hook',
    at: Date.UTC(2026, 10, 27, 3, 5, 7),
    level: 'error',
    title: 'shop: launchSuspended in web',
    lines: ['2026-11-27 03:05:07Z error web: Launching is suspended after 15 failures.'],
    count: 1,
    lost: 0,
    summary: [],
    activities: [anEntry(1, 'Launching is suspended after 15 failures.')],
    ...changes,
  };
}

function anEntry(sequence: number, message: string): StoredActivity {
  return { ...PLAIN_ACTIVITY, sequence, at: 1_000, group: 'web', level: 'error', reason: 'launchSuspended', message };
}

/** Whatever text may do harm in one of the receivers. */
const HOSTILE = '<!channel> @everyone [a](http://x) *b* `c` & "d" \'e\' \\ $(f) {{ g }} $h - é 漢 😀';

/** The longest message that Drover makes. */
const LONGEST = aMessage({
  title: `shop: ${'😀'.repeat(110)}`,
  lines: Array.from({ length: 200 }, (_, index) => `${index} ${'*漢&<'.repeat(110)}`),
  count: 100,
  activities: Array.from({ length: 100 }, (_, index) => anEntry(index, '*漢&<'.repeat(500))),
});

/** What every implementation of the port `Notifier` does. */
export function describeNotifierConformance(name: string, make: () => Promise<NotifierHarness>): void {
  describe(`notifier conformance: ${name}`, () => {
    let harness: NotifierHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(() => harness.close());

    const never = new AbortController().signal;

    it('delivers what it says', async () => {
      await harness.notifier.deliver(aMessage(), never);
      const [text = ''] = await harness.texts();
      expect(text).toContain('Launching is suspended after 15 failures.');
      expect(await harness.texts()).toHaveLength(1);
    });

    it('delivers any text as text', async () => {
      const message = aMessage({ lines: [HOSTILE], activities: [anEntry(1, HOSTILE)] });
      await harness.notifier.deliver(message, never);
      expect((await harness.texts())[0]).toContain(HOSTILE);
    });

    it('delivers the longest message, cut to what the receiver takes', async () => {
      await harness.notifier.deliver(LONGEST, never);
      expect(await harness.texts()).toHaveLength(1);
    });

    it.each(['refusing', 'failing'] as const)(
      'says why a receiver that is %s does not take it, without a secret',
      async (how) => {
        await harness.become(how);
        const error = await harness.notifier.deliver(aMessage(), never).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          name: 'PortError',
          reaction: how === 'failing' ? 'Transient' : expect.any(String),
        });
        const said = JSON.stringify([String(error), Object(error).message]);
        for (const secret of harness.secrets) expect(said).not.toContain(secret);
      },
    );

    it('delivers again after that', async () => {
      await harness.become('failing');
      await expect(harness.notifier.deliver(aMessage(), never)).rejects.toThrow();
      await harness.become('taking');
      await harness.notifier.deliver(aMessage(), never);
      expect((await harness.texts()).length).toBeGreaterThanOrEqual(1);
    });

    it('ends soon after its signal', async () => {
      await harness.become('hanging');
      const stop = new AbortController();
      const delivery = harness.notifier.deliver(aMessage(), stop.signal).catch((thrown: unknown) => thrown);
      stop.abort();
      expect(await delivery).toMatchObject({ name: 'PortError' });
    });
  });
}
