import { z } from 'zod';
import { secretSchema, secretSettings } from '../settings/secret.ts';
import { COLORS } from './colors.ts';
import { fitted } from './fitted.ts';
import { post } from './http.ts';
import { notifierType } from './notifier-type.ts';
import { readUrl } from './secret.ts';

const settings = z.strictObject({ url: secretSettings });

/** Slack shows no more of an attachment without being asked for it, and cuts what is much longer. */
const MAX_TEXT_CHARACTERS = 3_000;

/** Slack by an incoming webhook. Mattermost and Rocket.Chat take the same. */
export const slackNotifier = notifierType({
  name: 'slack',
  takes: 'summary',
  schema: (baseDir) =>
    z.strictObject({ url: secretSchema(baseDir).describe('Where the address of the incoming webhook is.') }),
  settings,
  create: ({ url }, clock) => ({
    deliver: async ({ title, lines, level }, signal) => {
      const text = fitted(lines.map(escaped), MAX_TEXT_CHARACTERS);
      // Without `mrkdwn_in` nothing in it is taken for formatting.
      const attachment = { color: COLORS[level], fallback: escaped(title), text, mrkdwn_in: [] };
      const body = JSON.stringify({ text: escaped(title), attachments: [attachment] });
      await post({ url: await readUrl(url), body }, () => clock.now(), signal);
    },
  }),
});

/** These three are Slack's own: `<!channel>` calls everyone. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
