/**
 * `drover/provider`: all that a provider from outside of Drover imports of it. What is here keeps its meaning as long as `CONTRACT` keeps its number;
 * docs/providers/README.md is its reference.
 */

import type { ProviderType } from '../../ports/provider.ts';
import type { CONTRACT } from './contract.ts';

export { z } from 'zod';
export { quoted, reasonOf } from '../../base/quoted.ts';
export { type ProgramEnd, ProgramError, runProgram, whyFailed } from '../../base/run-program.ts';
export { KeyedSerial } from '../../base/serial.ts';
export type { Placement } from '../../model/instance.ts';
export type { Json, JsonObject } from '../../model/json.ts';
export type { Machine, Reaction } from '../../model/observation.ts';
export type { Clock } from '../../ports/clock.ts';
export { untilAborted } from '../../ports/deadline.ts';
export { PortError } from '../../ports/errors.ts';
export {
  type Finding,
  type LaunchRequest,
  type LogsWanted,
  type MachineList,
  type Provider,
  type ProviderCapabilities,
  type ProviderContext,
  wholeList,
} from '../../ports/provider.ts';
export { byteSizeSchema } from '../../settings/byte-size.ts';
export { commandSchema, environmentSchema } from '../../settings/command.ts';
export { durationSchema } from '../../settings/duration.ts';
export type { Problem } from '../../settings/explain.ts';
export { filePathSchema, nameSchema, portSchema } from '../../settings/fields.ts';
export { shown } from '../../settings/public.ts';
export { type SecretSettings, secretSchema } from '../../settings/secret.ts';
export type { TemplateUse } from '../../settings/settings-schema.ts';
export { type UserDataSettings, userDataSchema } from '../../settings/user-data.ts';
export { readSecret } from '../secret.ts';
export { renderUserData, type UserDataUse } from '../user-data.ts';

/** What the package of a provider exports by default. */
export interface PackagedProvider extends Omit<ProviderType, 'name'> {
  /** The contract that it was written for. */
  readonly contract: typeof CONTRACT;
}
