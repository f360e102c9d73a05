import { Agent, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import type { FleetService, LogLine, LogsOf } from '../control/service.ts';
import type { FleetChange } from '../fleet/change.ts';
import type { StoredActivity } from '../model/activity.ts';
import type { FleetDocument } from '../model/fleet-version.ts';
import type { InstanceId } from '../model/instance.ts';
import type { SuspendableProcess } from '../model/scaling-policy.ts';
import type { LogsWanted } from '../ports/provider.ts';
import type { AppliedFleet, FleetVersions, PlannedFleet, ShownFleetVersion } from '../views/fleet-versions.ts';
import type { NotificationStatus } from '../views/notifications.ts';
import type { Explanation, FleetStatus, InstanceStatus, Page, Plan } from '../views/status.ts';
import type { Role } from './caller.ts';
import { type ErrorCode, problemSchema } from './errors.ts';
import {
  activitiesAnswerSchema,
  appliedFleetSchema,
  desiredCapacityAnswerSchema,
  drainAnswerSchema,
  explanationSchema,
  fleetChangesAnswerSchema,
  fleetVersionsSchema,
  instancesAnswerSchema,
  logLineSchema,
  notificationsAnswerSchema,
  plannedFleetSchema,
  planSchema,
  processesAnswerSchema,
  sessionCodeSchema,
  shownFleetVersionSchema,
  statusAnswerSchema,
} from './schemas.ts';
import { socketPath } from './socket.ts';

const answerTimeoutMs = 30_000;
/** The most that the API gives at once. */
const MAX_PAGE_ITEMS = 1_000;
const maxAnswerBytes = 64 * 1024 * 1024;

/** Which activities, and how many: see the store's contract. */
export type ActivityFilter = Parameters<FleetService['activities']>[0];

/**
 * Why a call did not give its answer: what the controller refused (`ErrorCode`), or
 * - `notRunning`: no controller listens in the data folder;
 * - `noAnswer`: it listens but did not answer, or not in time;
 * - `notUnderstood`: its answer is not one that this version knows.
 */
export class ApiError extends Error {
  readonly code: ErrorCode | 'notRunning' | 'noAnswer' | 'notUnderstood';

  constructor(code: ApiError['code'], message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
  }
}

/** The API of the controller that runs in a data folder. Every call throws `ApiError`, or the signal's reason. */
export class ApiClient {
  readonly #dataDir: string;
  readonly #socketPath: string;
  readonly #agent = new Agent();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#socketPath = socketPath(dataDir);
  }

  /** All of the fleet: its first instances at one moment, the others after that. */
  async status(signal?: AbortSignal): Promise<FleetStatus> {
    const { next, ...status } = await this.#ask('GET', '/v1/status', statusAnswerSchema, signal);
    if (next === null) return status;
    const rest: InstanceStatus[] = [];
    for (let cursor: string | null = next; cursor !== null; ) {
      const page: Page<InstanceStatus> = await this.#ask(
        'GET',
        `/v1/instances?limit=${MAX_PAGE_ITEMS}&cursor=${cursor}`,
        instancesAnswerSchema,
        signal,
      );
      rest.push(...page.items);
      cursor = page.next;
    }
    const byGroup = Map.groupBy(rest, ({ group }) => group);
    return {
      ...status,
      groups: status.groups.map((group) => ({
        ...group,
        instances: [...group.instances, ...(byGroup.get(group.name) ?? [])],
      })),
    };
  }

  async activities(filter: ActivityFilter, signal?: AbortSignal): Promise<readonly StoredActivity[]> {
    const query = new URLSearchParams({ limit: String(filter.limit) });
    if (filter.group !== undefined) query.set('group', filter.group);
    if (filter.instanceId !== undefined) query.set('instance', filter.instanceId);
    if (filter.level !== undefined) query.set('level', filter.level);
    if (filter.afterSequence !== undefined) query.set('after', String(filter.afterSequence));
    return (await this.#ask('GET', `/v1/activities?${query}`, activitiesAnswerSchema, signal)).items;
  }

  plan(signal?: AbortSignal): Promise<Plan> {
    return this.#ask('GET', '/v1/plan', planSchema, signal);
  }

  explain(group: string, signal?: AbortSignal): Promise<Explanation> {
    return this.#ask('GET', `/v1/groups/${encodeURIComponent(group)}/explanation`, explanationSchema, signal);
  }

  setDesiredCapacity(group: string, desired: number, signal?: AbortSignal): Promise<{ before: number; after: number }> {
    const path = `/v1/groups/${encodeURIComponent(group)}/desired-capacity`;
    return this.#ask('PUT', path, desiredCapacityAnswerSchema, signal, { desired });
  }

  async resumeLaunch(group: string, signal?: AbortSignal): Promise<void> {
    await this.#send('POST', `/v1/groups/${encodeURIComponent(group)}/resume`, signal);
  }

  async suspendProcesses(
    group: string,
    processes: readonly SuspendableProcess[],
    signal?: AbortSignal,
  ): Promise<readonly SuspendableProcess[]> {
    const path = `/v1/groups/${encodeURIComponent(group)}/suspend-processes`;
    return (await this.#ask('POST', path, processesAnswerSchema, signal, { processes })).suspendedProcesses;
  }

  async resumeProcesses(
    group: string,
    processes: readonly SuspendableProcess[],
    signal?: AbortSignal,
  ): Promise<readonly SuspendableProcess[]> {
    const path = `/v1/groups/${encodeURIComponent(group)}/resume-processes`;
    return (await this.#ask('POST', path, processesAnswerSchema, signal, { processes })).suspendedProcesses;
  }

  async drainInstance(
    id: InstanceId,
    force: boolean,
    signal?: AbortSignal,
  ): Promise<{ readonly waitsFor: string | null }> {
    const path = `/v1/instances/${encodeURIComponent(id)}/drain?force=${force}`;
    return this.#ask('POST', path, drainAnswerSchema, signal);
  }

  async terminateInstance(id: InstanceId, force: boolean, signal?: AbortSignal): Promise<void> {
    await this.#send('POST', `/v1/instances/${encodeURIComponent(id)}/terminate?force=${force}`, signal);
  }

  async fleetChanges(signal?: AbortSignal): Promise<readonly FleetChange[]> {
    return (await this.#ask('GET', '/v1/fleet/changes', fleetChangesAnswerSchema, signal)).changes;
  }

  reloadFleet(signal?: AbortSignal): Promise<AppliedFleet> {
    return this.#ask('POST', '/v1/fleet/reload', appliedFleetSchema, signal);
  }

  fleetVersions(signal?: AbortSignal): Promise<FleetVersions> {
    return this.#ask('GET', '/v1/fleet/versions', fleetVersionsSchema, signal);
  }

  fleetVersion(number: number, signal?: AbortSignal): Promise<ShownFleetVersion> {
    return this.#ask('GET', `/v1/fleet/versions/${number}`, shownFleetVersionSchema, signal);
  }

  async compareFleetVersions(from: number, to: number, signal?: AbortSignal): Promise<readonly FleetChange[]> {
    const path = `/v1/fleet/versions/${to}/changes?from=${from}`;
    return (await this.#ask('GET', path, fleetChangesAnswerSchema, signal)).changes;
  }

  planFleet(document: FleetDocument, signal?: AbortSignal): Promise<PlannedFleet> {
    return this.#ask('POST', '/v1/fleet/plan', plannedFleetSchema, signal, { document });
  }

  /** @param madeFrom the number of the version that it was made from */
  applyFleet(document: FleetDocument, madeFrom: number, signal?: AbortSignal): Promise<AppliedFleet> {
    return this.#ask('PUT', '/v1/fleet', appliedFleetSchema, signal, { document, madeFrom });
  }

  rollbackFleet(to: number, madeFrom: number, signal?: AbortSignal): Promise<AppliedFleet> {
    return this.#ask('POST', '/v1/fleet/rollback', appliedFleetSchema, signal, { to, madeFrom });
  }

  /** What servers print. It ends when nothing more will come, or with the signal. */
  async *logs(of: LogsOf, { lines, follow }: LogsWanted, signal: AbortSignal): AsyncGenerator<LogLine> {
    const whose =
      'group' in of ? `groups/${encodeURIComponent(of.group)}` : `instances/${encodeURIComponent(of.instance)}`;
    const response = await this.#begin('GET', `/v1/${whose}/logs?lines=${lines}&follow=${follow}`, signal);
    if ((response.statusCode ?? 0) >= 300) throw refusalOf(response.statusCode ?? 0, await readText(response));
    try {
      for await (const line of createInterface({ input: response })) {
        if (line === '') continue;
        const said = logLineSchema.safeParse(parseJson(line));
        if (said.success) yield said.data;
      }
    } catch (error) {
      if (!signal.aborted) throw this.#unreachable(error);
    } finally {
      response.destroy();
    }
  }

  /** There are few of them: all fit into one answer. */
  async notifications(signal?: AbortSignal): Promise<readonly NotificationStatus[]> {
    return (await this.#ask('GET', `/v1/notifications?limit=${MAX_PAGE_ITEMS}`, notificationsAnswerSchema, signal))
      .items;
  }

  async testNotification(name: string, signal?: AbortSignal): Promise<void> {
    await this.#send('POST', `/v1/notifications/${encodeURIComponent(name)}/test`, signal);
  }

  /** @returns a link that opens the dashboard and logs in, once */
  async dashboardLink(role: Role, signal?: AbortSignal): Promise<string> {
    return (await this.#ask('POST', '/v1/session-codes', sessionCodeSchema, signal, { role })).url;
  }

  async down(signal?: AbortSignal): Promise<void> {
    await this.#send('POST', '/v1/down', signal);
  }

  /** Ends what is still being asked. */
  async close(): Promise<void> {
    this.#agent.destroy();
  }

  async #ask<Answer>(
    method: 'GET' | 'PUT' | 'POST',
    path: string,
    schema: z.ZodType<Answer>,
    signal?: AbortSignal,
    body?: unknown,
  ): Promise<Answer> {
    const answer = schema.safeParse(parseJson(await this.#send(method, path, signal, body)));
    if (answer.success) return answer.data;
    throw new ApiError(
      'notUnderstood',
      'The controller answered something that this drover does not understand: it is probably of another version. ' +
        'Restart the controller (`drover run`) with this version.',
      { cause: answer.error },
    );
  }

  async #send(method: 'GET' | 'PUT' | 'POST', path: string, signal?: AbortSignal, body?: unknown): Promise<string> {
    const { statusCode, text } = await this.#exchange(method, path, signal, body);
    if (statusCode < 300) return text;
    throw refusalOf(statusCode, text);
  }

  async #exchange(method: 'GET' | 'PUT' | 'POST', path: string, signal?: AbortSignal, body?: unknown) {
    try {
      const response = await this.#request(method, path, signal, body);
      return { statusCode: response.statusCode ?? 0, text: await readText(response) };
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#unreachable(error);
    }
  }

  async #begin(method: 'GET', path: string, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#request(method, path, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#unreachable(error);
    }
  }

  #request(method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const sent = request({
        socketPath: this.#socketPath,
        agent: this.#agent,
        method,
        path,
        timeout: answerTimeoutMs,
        headers: {
          'user-agent': 'drover',
          ...(text !== '' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      sent.once('timeout', () => sent.destroy(new Error(`no answer within ${answerTimeoutMs / 1_000} s`)));
      sent.on('error', reject);
      sent.once('response', resolve);
      sent.end(text);
    });
  }

  #unreachable(error: unknown): ApiError {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      return new ApiError(
        'notRunning',
        `No controller is running in ${this.#dataDir}. Start it with \`drover run\` in the folder of its fleet file, ` +
          'or name its data folder with --data or DROVER_DATA (that of the demo: --data examples/hello/.drover).',
        { cause: error },
      );
    }
    if (code === 'EACCES') {
      return new ApiError('noAnswer', `${socketPath(this.#dataDir)} belongs to another user: run this as that user.`, {
        cause: error,
      });
    }
    const why = error instanceof Error ? error.message : String(error);
    return new ApiError('noAnswer', `The controller in ${this.#dataDir} did not answer: ${why}.`, { cause: error });
  }
}

function refusalOf(statusCode: number, text: string): ApiError {
  const refusal = problemSchema.safeParse(parseJson(text));
  if (refusal.success) return new ApiError(refusal.data.code, refusal.data.detail);
  return new ApiError('notUnderstood', `The controller answered with HTTP status ${statusCode} and no reason.`);
}

/** @throws for an answer larger than any that the API gives, and for one that is cut */
async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`its answer is larger than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Undefined for what is no JSON: no schema takes it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
