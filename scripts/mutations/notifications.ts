import type { Mutation } from './mutation.ts';

const LOOP = { tests: ['src/control/notification-loop.test.ts', 'test/notifications/at-least-once.test.ts'] };
const FILTER = { tests: ['src/decide/notifications/concerns.test.ts'] };
const HTTP = { tests: ['test/notifications/http.test.ts', 'test/conformance/notifier.test.ts'] };

/** Each activity is delivered at least once, in order; secrets stay secret; nobody is held up. */
export const NOTIFICATIONS: readonly Mutation[] = [
  {
    name: 'notifications: a message is sent before it is recorded what is in it',
    file: 'src/control/notification-loop.ts',
    find: 'await this.#commit({ pending: next, disabled: null });',
    replace: 'if (this.#cursor !== null) this.#cursor = { ...this.#cursor, pending: next };',
    caughtBy: LOOP,
  },
  {
    name: 'notifications: a message counts as delivered when its delivery failed',
    file: 'src/control/notification-loop.ts',
    find: 'if (error !== null) return;',
    replace: '',
    caughtBy: LOOP,
  },
  {
    name: 'notifications: what was taken is sent again while the store cannot be written',
    file: 'src/control/notification-loop.ts',
    find: 'this.#isDelivered = true;',
    replace: '',
    caughtBy: LOOP,
  },
  {
    name: 'notifications: a new destination is sent all of the past',
    file: 'src/control/notification-loop.ts',
    find: 'delivered: newest?.sequence ?? 0,',
    replace: 'delivered: 0 * (newest?.sequence ?? 0),',
    caughtBy: LOOP,
  },
  {
    name: 'notifications: a receiver that is gone is asked again and again',
    file: 'src/control/notification-loop.ts',
    find: "if (disabled !== null && disabled.settings === this.#settings) return { kind: 'nothing' };",
    replace: '',
    caughtBy: LOOP,
  },
  {
    name: 'notifications: a destination that flaps is reported each time',
    file: 'src/control/notification-loop.ts',
    find: 'if (this.#reportedMs !== null && clock.steadyMs() - this.#reportedMs < REPORT_EVERY_MS) return;',
    replace: '',
    caughtBy: LOOP,
  },
  {
    name: 'notifications: what was deleted from the history is not said to be lost',
    file: 'src/decide/notifications/gathering.ts',
    find: 'if (gap > 0) this.#lose(gap);',
    replace: '',
    caughtBy: LOOP,
  },
  {
    name: 'notifications: a destination hears of its own troubles',
    file: 'src/decide/notifications/concerns.ts',
    find: 'if (activity.explanation?.[ABOUT_DESTINATION] === name) return false;',
    replace: '',
    caughtBy: FILTER,
  },
  {
    name: 'notifications: who hears of a beginning does not hear of its end',
    file: 'src/decide/notifications/concerns.ts',
    find: 'if (!isAtLeast(weightOf(activity), level)) return false;',
    replace: 'if (!isAtLeast(activity.level, level)) return false;',
    caughtBy: FILTER,
  },
  {
    name: 'notifications: a refusal repeats the secrets that the receiver sends back',
    file: 'src/notifications/http.ts',
    find: 'const said = clean(oneLine(await beginningOf(answer.body)));',
    replace: 'const said = oneLine(await beginningOf(answer.body));',
    caughtBy: HTTP,
  },
];
