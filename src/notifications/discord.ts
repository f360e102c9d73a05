import { z } from 'zod';
import { secretSchema, secretSettings } from '../settings/secret.ts';
import { COLORS } from './colors.ts';
import { fitted } from './fitted.ts';
import { post } from './http.ts';
import { notifierType } from './notifier-type.ts';
import { readUrl } from './secret.ts';

const settings = z.strictObject({ url: secretSettings });

/** Discord refuses an embed whose description has more than 4,096 characters. */
const MAX_TEXT_CHARACTERS = 4_000;
/** And a title of more than 256. */
const MAX_TITLE_CHARACTERS = 250;

/** Discord by a webhook of a channel. */
export const discordNotifier = notifierType({
  name: 'discord',
  takes: 'summary',
  schema: (baseDir) =>
    z.strictObject({ url: secretSchema(baseDir).describe("Where the address of the channel's webhook is.") }),
  settings,
  create: ({ url }, clock) => ({
    deliver: async ({ title, lines, level }, signal) => {
      const embed = {
        title: fitted([escaped(title)], MAX_TITLE_CHARACTERS),
        description: fitted(lines.map(escaped), MAX_TEXT_CHARACTERS),
        color: Number.parseInt(COLORS[level].slice(1), 16),
      };
      // Nobody is called by what stands in an activity.
      const body = JSON.stringify({ embeds: [embed], allowed_mentions: { parse: [] } });
      await post({ url: await readUrl(url), body }, () => clock.now(), signal);
    },
  }),
});

/** What Markdown would take for formatting. */
function escaped(text: string): string {
  return text.replace(/[\\*_~`|>#[\]@]/g, '\\$&');
}
