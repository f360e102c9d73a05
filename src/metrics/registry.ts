import type { MetricSourceType } from '../ports/metric-source.ts';
import { constantMetric } from './constant.ts';
import { execMetric } from './exec.ts';
import { fileMetric } from './file.ts';
import { haproxyMetric } from './haproxy.ts';
import { hostMetric } from './host/index.ts';
import { httpMetric } from './http.ts';
import { prometheusMetric } from './prometheus.ts';
import { queueMetric } from './queue/index.ts';

/** Every kind of metric source, by the name that a metric gives. */
export const metricSourceTypes: ReadonlyMap<string, MetricSourceType> = new Map(
  [constantMetric, execMetric, fileMetric, haproxyMetric, hostMetric, httpMetric, prometheusMetric, queueMetric].map(
    (type) => [type.name, type],
  ),
);
