import type { NotifierType } from '../ports/notifier.ts';
import { discordNotifier } from './discord.ts';
import { emailNotifier } from './email.ts';
import { execNotifier } from './exec.ts';
import { ntfyNotifier } from './ntfy.ts';
import { slackNotifier } from './slack.ts';
import { teamsNotifier } from './teams.ts';
import { webhookNotifier } from './webhook.ts';

/** Every kind of destination, by the name that an entry of `notifications` gives as its type. */
export const notifierTypes: ReadonlyMap<string, NotifierType> = new Map(
  [webhookNotifier, slackNotifier, discordNotifier, teamsNotifier, ntfyNotifier, emailNotifier, execNotifier].map(
    (type) => [type.name, type],
  ),
);
