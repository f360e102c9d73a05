import { nameSchema, z } from 'drover/provider';

/** What a person writes below `providers`, beside `type`. A secret is named here (secretSchema), and read with readSecret when it is needed. */
export const providerSettingsSchema = () =>
  z.strictObject({
    zones: z.array(nameSchema).default([]).describe('The places that fail by themselves.'),
  });

/** What a person writes in a launch template, beside `provider`. Its output is JSON, kept with each server: paths are made absolute here. */
export const settingsSchema = () =>
  z.strictObject({
    image: nameSchema.default('small').describe('What a machine is made from.'),
  });
