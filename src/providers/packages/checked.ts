import { z } from 'zod';
import { reasonOf } from '../../base/quoted.ts';
import { isProgrammingError } from '../../base/system-error.ts';
import type { JsonObject } from '../../model/json.ts';
import { describeDefect, isDefect, PortError } from '../../ports/errors.ts';
import type { Provider, ProviderContext, ProviderType } from '../../ports/provider.ts';
import type { PackagedProvider } from './api.ts';
import { CONTRACT } from './contract.ts';

const ms = z.number().min(0);
const capabilitiesSchema = z.strictObject({
  listIntervalMs: ms,
  listGapMs: ms,
  listLagMs: ms,
  concurrentOperations: z.int().min(1),
  terminateTimeoutMs: ms,
  ports: z.enum(['direct', 'assigned']),
  zones: z.array(z.string()).readonly(),
  instanceTypes: z.boolean(),
});

const isFunction = z.custom<(...args: never) => unknown>((value) => typeof value === 'function', 'it is a function');
const packagedSchema = z.looseObject({
  contract: z.literal(CONTRACT),
  settingsSchema: isFunction,
  capabilities: isFunction,
  create: isFunction,
  providerSettingsSchema: isFunction.optional(),
  keepsMachines: isFunction.optional(),
  settingsProblems: isFunction.optional(),
  settingsWarnings: isFunction.optional(),
  diagnose: isFunction.optional(),
});

/** Whether what a package exports by default is a provider of this contract, and if not, why, as part of a sentence. */
export function whyNoProvider(exported: unknown): string | null {
  const known = z.looseObject({ contract: z.unknown() }).safeParse(exported);
  if (!known.success || known.data.contract === undefined) {
    return `its default export is no provider: an object with contract: ${CONTRACT} and the functions that docs/providers/README.md lists`;
  }
  if (known.data.contract !== CONTRACT) {
    return `it was written for contract ${String(known.data.contract)} of providers, and this Drover has contract ${CONTRACT}; install a version of it that fits`;
  }
  const result = packagedSchema.safeParse(exported);
  if (result.success) return null;
  const [issue] = result.error.issues;
  return `its default export is no provider: ${issue?.path.join('.')}: ${issue?.message}`;
}

/**
 * A provider type as the rest of Drover has it, of what a package exports: its capabilities are checked, and a programming error in it is said to be
 * the package's. @param name the type, as the fleet file names it
 */
export function checked(name: string, { contract: _, ...type }: PackagedProvider): ProviderType {
  return {
    ...type,
    name,
    capabilities: (settings: JsonObject) => {
      const result = capabilitiesSchema.safeParse(type.capabilities(settings));
      if (result.success) return result.data;
      throw new PortError(
        'Invalid',
        'capabilities',
        `${name} has wrong capabilities: ${z.prettifyError(result.error)}`,
      );
    },
    create: (context) => ofPackage(name, type.create(context), context),
  };
}

function ofPackage(name: string, provider: Provider, { onProblem }: ProviderContext): Provider {
  const said = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (!isDefect(error)) throw error;
      // The contract says so: a package need not know which errors its libraries have.
      if (!isProgrammingError(error)) throw new PortError('Transient', 'unmapped', reasonOf(error), { cause: error });
      onProblem(`a programming error in ${name}: ${error instanceof Error ? error.stack : String(error)}`);
      const message = `a programming error in ${name} (${describeDefect(error)}); drover.log has its stack`;
      throw new PortError('Transient', 'packageDefect', message, { cause: error });
    }
  };
  const { logs } = provider;
  return {
    ...(logs === undefined ? {} : { logs: logs.bind(provider) }),
    launch: (request, signal) => said(() => provider.launch(request, signal)),
    list: (signal) => said(() => provider.list(signal)),
    terminate: (machineId, signal) => said(() => provider.terminate(machineId, signal)),
    watch: (onChange) => provider.watch(onChange),
    close: () => said(() => provider.close()),
  };
}
