/** The shape of an auto scaling group in the fleet file, beside its launch template, metrics and policies. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { type AutoScalingGroup, TERMINATION_POLICIES, type TerminationCommand } from '../../model/fleet.ts';
import { commandSchema } from '../../settings/command.ts';
import { durationSchema } from '../../settings/duration.ts';
import { filePathSchema, MAX_GROUP_SIZE, MAX_GROUPS_PER_KIND, nameSchema } from '../../settings/fields.ts';
import { byName, named, type Unnamed } from './by-name.ts';
import { type FleetFileContext, launchTemplateSchema } from './launch-template.ts';
import { metricSchema } from './metric.ts';
import { scalingPolicySchema } from './scaling-policy.ts';
import { scheduledActionSchema } from './scheduled-action.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const BACKOFF = { minMs: 100, maxMs: 24 * HOUR_MS };

const launchRetry = z
  .strictObject({
    initialBackoff: durationSchema(BACKOFF).prefault('9s').describe('The wait after the first failure; it doubles.'),
    maxBackoff: durationSchema(BACKOFF).prefault('15m').describe('The longest wait.'),
    suspendAfter: z
      .int()
      .min(1)
      .max(1_000)
      .default(15)
      .describe('Failures in a row after which launching stops until a person resumes it.'),
  })
  .transform(({ initialBackoff, maxBackoff, suspendAfter }) => ({
    initialBackoffMs: initialBackoff,
    maxBackoffMs: maxBackoff,
    suspendAfter,
  }));

const MAX_ARGUMENTS = 256;

function terminationCommand(baseDir: string) {
  return z
    .strictObject({
      command: commandSchema({ maxArguments: MAX_ARGUMENTS }).describe(
        'The program and its arguments, as a list; no shell is involved.',
      ),
      workingDirectory: filePathSchema
        .default('.')
        .describe('The folder that the command runs in; relative to the fleet file.'),
      timeout: durationSchema({ minMs: SECOND_MS, maxMs: HOUR_MS })
        .prefault('30s')
        .describe('After so long it is killed, and the server is terminated all the same.'),
    })
    .transform(
      ({ command, workingDirectory, timeout }): TerminationCommand => ({
        command,
        workingDirectory: resolve(baseDir, workingDirectory),
        timeoutMs: timeout,
      }),
    );
}

const size = z.int().min(0).max(MAX_GROUP_SIZE);

export function autoScalingGroup(context: FleetFileContext) {
  return z
    .strictObject({
      targetGroups: z
        .array(nameSchema)
        .max(MAX_GROUPS_PER_KIND)
        .default([])
        .describe("The target groups that the group's servers are registered with."),
      launchTemplate: launchTemplateSchema(context).describe(
        'How one server is launched: a provider and its settings.',
      ),
      minSize: size.describe('The fewest servers.'),
      maxSize: size.describe('The most servers; every machine that is not gone counts.'),
      desiredCapacity: size.optional().describe('The number of servers to start with. Default: minSize.'),
      desiredCapacityFile: filePathSchema
        .optional()
        .describe('A file that holds the wanted number of servers and is watched; relative to the fleet file.'),
      healthCheckGracePeriod: durationSchema({ maxMs: 2 * HOUR_MS })
        .prefault('5m')
        .describe('How long a new server may fail its health checks before that counts.'),
      defaultInstanceWarmup: durationSchema({ maxMs: 2 * HOUR_MS })
        .prefault('0s')
        .describe('How long after it came into service a server is still warming up.'),
      launchTimeout: durationSchema({ minMs: SECOND_MS, maxMs: 2 * HOUR_MS })
        .prefault('15m')
        .describe('How long one launch may take before it counts as failed.'),
      launchRetry: launchRetry.prefault({}).describe('What happens after launches that failed.'),
      probeBeforeRegistration: z
        .boolean()
        .default(false)
        .describe(
          'Whether Drover asks a new server what its health check asks, and registers it only when it has answered well.',
        ),
      terminationCommand: terminationCommand(context.baseDir)
        .optional()
        .describe('What is run for a server once it is drained, before it is terminated.'),
      terminationPolicies: z
        .array(z.enum(TERMINATION_POLICIES))
        .min(1)
        .max(TERMINATION_POLICIES.length)
        .default(['Default'])
        .describe('Which servers go first when there are too many; tried in order.'),
      orphanGracePeriod: durationSchema({ minMs: MINUTE_MS, maxMs: 24 * HOUR_MS })
        .prefault('5m')
        .describe("How long a machine with the fleet's tags that no record explains is left alone before it is ended."),
      metrics: byName(metricSchema(context)).prefault({}).describe('Numbers that the policies follow, by name.'),
      scalingPolicies: byName(scalingPolicySchema)
        .prefault({})
        .describe('How the size follows the metrics, by name; the largest size that any of them wants is taken.'),
      scheduledActions: byName(scheduledActionSchema)
        .prefault({})
        .describe('Changes of the minimum, maximum or size by the calendar, by name.'),
    })
    .transform(
      (value): Unnamed<AutoScalingGroup> => ({
        targetGroups: value.targetGroups,
        launchTemplate: value.launchTemplate,
        minSize: value.minSize,
        maxSize: value.maxSize,
        desiredCapacity: value.desiredCapacity ?? null,
        desiredCapacityFile:
          value.desiredCapacityFile === undefined ? null : resolve(context.baseDir, value.desiredCapacityFile),
        healthCheckGracePeriodMs: value.healthCheckGracePeriod,
        defaultInstanceWarmupMs: value.defaultInstanceWarmup,
        launchTimeoutMs: value.launchTimeout,
        launchRetry: value.launchRetry,
        probeBeforeRegistration: value.probeBeforeRegistration,
        terminationCommand: value.terminationCommand ?? null,
        terminationPolicies: value.terminationPolicies,
        orphanGracePeriodMs: value.orphanGracePeriod,
        metrics: named(value.metrics),
        scalingPolicies: named(value.scalingPolicies),
        scheduledActions: named(value.scheduledActions),
      }),
    );
}
