import {
  type Attributes,
  type DiagLogger,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type IdGenerator, TracerProvider } from '@opentelemetry/sdk-trace';
import { oneLine, reasonOf } from '../base/quoted.ts';
import { asPortError } from '../ports/errors.ts';
import type { Work } from '../ports/telemetry.ts';
import type { SpanIds } from './span.ts';
import type { EndedWork, Sink } from './telemetry.ts';

const EXPORT_TIMEOUT_MS = 5_000;
/** Of those that wait for a collector that does not answer; further ones are dropped. */
const MAX_QUEUED_SPANS = 4_096;

export interface TracesOptions {
  /** Where a collector takes OTLP over HTTP, as `http://127.0.0.1:4318`. */
  readonly url: string;
  /** Of Drover. */
  readonly version: string;
  /** Called with what is wrong with the export, now and then. */
  readonly onProblem: (message: string) => void;
}

export interface Traces extends Sink {
  /** Sends what waits, as far as that can be done in a few seconds. */
  close(): Promise<void>;
}

/**
 * OpenTelemetry's spans, sent to a collector: a trace for each check of a group that did something, with the operations that it called for and their calls; and
 * one for each call beside that. What is configured by OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_CERTIFICATE, OTEL_SERVICE_NAME and
 * OTEL_RESOURCE_ATTRIBUTES holds, as everywhere.
 */
export function startTraces({ url, version, onProblem }: TracesOptions): Traces {
  const problems = seldom(onProblem);
  diag.setLogger(problems, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const ids = new GivenIds();
  const own = resourceFromAttributes({ 'service.name': 'drover', 'service.version': version });
  const exporter = new OTLPTraceExporter({ url: tracesUrl(url), timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator: ids,
    spanProcessors: [
      new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS, maxQueueSize: MAX_QUEUED_SPANS }),
    ],
  });
  const tracer = provider.getTracer('drover', version);

  const write = ({ ids: span, name, kind, attributes, startedAt, endedAt, failure }: WrittenSpan): void => {
    const parent = { traceId: span.trace, spanId: span.parent ?? '', traceFlags: TraceFlags.SAMPLED };
    const context = span.parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    ids.next = span;
    const written = tracer.startSpan(name, { kind, attributes, startTime: startedAt }, context);
    if (failure !== null) written.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    written.end(endedAt);
  };

  return {
    ended: (ended) => {
      const described = describe(ended.work);
      if (described === null || (ended.work.kind === 'check' && !ended.span.isTold)) return;
      const { span, startedAt, durationMs, steps } = ended;
      write({
        ...described,
        ids: span.ids(),
        attributes: { ...described.attributes, 'drover.outcome': ended.outcome },
        startedAt,
        endedAt: startedAt + durationMs,
        failure: failureOf(ended),
      });
      let fromMs = 0;
      for (const { name, endedMs } of steps) {
        const at = { startedAt: startedAt + fromMs, endedAt: startedAt + endedMs };
        write({ ...described, ...at, ids: span.step(), name, failure: null });
        fromMs = endedMs;
      }
    },
    close: () => provider.shutdown().catch((error: unknown) => problems.error(reasonOf(error))),
  };
}

interface DescribedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

interface WrittenSpan extends DescribedSpan {
  readonly ids: SpanIds;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failure: string | null;
}

/** Null for what has no span of its own. */
function describe(work: Work): DescribedSpan | null {
  switch (work.kind) {
    case 'check':
      return { name: 'check', kind: SpanKind.INTERNAL, attributes: { 'drover.group': work.group } };
    case 'operation': {
      const { operation, group, provider, instanceId } = work;
      const attributes = { 'drover.group': group, 'drover.provider': provider, 'drover.instance': instanceId };
      return { name: operation, kind: SpanKind.INTERNAL, attributes };
    }
    case 'providerCall': {
      const { call, provider, type, about } = work;
      const attributes = { 'drover.provider': provider, 'drover.provider_type': type };
      return {
        name: `provider ${call}`,
        kind: SpanKind.CLIENT,
        attributes: about === null ? attributes : { ...attributes, 'drover.about': about },
      };
    }
    case 'loadBalancerCall':
      // It is observed every second.
      if (work.call === 'observe') return null;
      return {
        name: `load balancer ${work.call}`,
        kind: SpanKind.CLIENT,
        attributes: { 'drover.load_balancer': work.loadBalancer },
      };
    case 'commit':
      return null;
  }
}

function failureOf({ work, outcome, error }: EndedWork): string | null {
  const isExpected = outcome === 'ok' || outcome === 'aborted';
  const isGone = work.kind === 'providerCall' && work.call === 'terminate' && outcome === 'notFound';
  return isExpected || isGone ? null : asPortError(error).message;
}

/** OpenTelemetry asks for the ids of each span that is begun: they are those that the log has already told. */
class GivenIds implements IdGenerator {
  next: SpanIds = { trace: '', id: '', parent: null };

  generateTraceId(): string {
    return this.next.trace;
  }

  generateSpanId(): string {
    return this.next.id;
  }
}

/** A collector that is away fails every few seconds: said the first time, the 10th, the 100th. */
function seldom(onProblem: TracesOptions['onProblem']): DiagLogger {
  let problems = 0;
  const report = (message: string): void => {
    problems += 1;
    if (Number.isInteger(Math.log10(problems))) onProblem(`traces (${problems}): ${oneLine(message)}`);
  };
  const ignore = (): void => {};
  return { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore };
}

/** As the specification has it: the address of a collector, with the path of traces behind it. */
function tracesUrl(url: string): string {
  return url.endsWith('/v1/traces') ? url : `${url.replace(/\/+$/, '')}/v1/traces`;
}
