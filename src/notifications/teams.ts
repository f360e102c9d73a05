import { z } from 'zod';
import type { ActivityLevel } from '../model/activity.ts';
import { secretSchema, secretSettings } from '../settings/secret.ts';
import { bytesOf, fitted } from './fitted.ts';
import { post } from './http.ts';
import { notifierType } from './notifier-type.ts';
import { readUrl } from './secret.ts';

const settings = z.strictObject({ url: secretSettings });

/** Teams refuses a card of more than 28 KB, which counts the card itself and each escaped character. */
const MAX_TEXT_BYTES = 12_000;

const CARD_COLORS: Readonly<Record<ActivityLevel, string>> = { info: 'accent', warning: 'warning', error: 'attention' };

/** Microsoft Teams by a webhook of a workflow ("Post to a channel when a webhook request is received"). */
export const teamsNotifier = notifierType({
  name: 'teams',
  takes: 'summary',
  schema: (baseDir) =>
    z.strictObject({ url: secretSchema(baseDir).describe("Where the address of the workflow's webhook is.") }),
  settings,
  create: ({ url }, clock) => ({
    deliver: async ({ title, lines, level }, signal) => {
      const text = fitted(lines, MAX_TEXT_BYTES, { sizeOf: (one) => bytesOf(JSON.stringify(one)) });
      const card = {
        type: 'AdaptiveCard',
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        version: '1.4',
        msteams: { width: 'Full' },
        body: [
          textBlock({ text: title, weight: 'bolder', size: 'medium', color: CARD_COLORS[level] }),
          ...text.split('\n').map((line) => textBlock({ text: line })),
        ],
      };
      const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card };
      const body = JSON.stringify({ type: 'message', attachments: [attachment] });
      await post({ url: await readUrl(url), body }, () => clock.now(), signal);
    },
  }),
});

/** In a rich text block nothing is taken for Markdown. */
function textBlock(run: Readonly<Record<string, string>>) {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', ...run }] };
}
