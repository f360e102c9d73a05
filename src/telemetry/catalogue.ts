/** Every metric that `/metrics` has, by its name: docs/observability.md is made of this. */

interface Described {
  /** One sentence, for the exposition and the documentation. */
  readonly help: string;
  readonly labels: readonly string[];
}

export type MetricDescription = Described &
  ({ readonly type: 'counter' | 'gauge' } | { readonly type: 'histogram'; readonly buckets: readonly number[] });

/** Calls to a program or a service: from a millisecond to a minute. */
const CALL_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];
/** What may take as long as a machine takes to boot. */
const OPERATION_SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600];
/** Work of this process alone. */
const LOCAL_SECONDS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

const GROUP = ['group'];
const PROVIDER = ['provider'];
const LOAD_BALANCER = ['load_balancer'];
const TARGET_GROUP = ['load_balancer', 'target_group'];

export const CATALOGUE = {
  drover_build_info: { type: 'gauge', help: 'Always 1, with the versions.', labels: ['version', 'node_version'] },
  drover_fleet_version: { type: 'gauge', help: 'The version of the fleet that is in force; 0 for none.', labels: [] },
  drover_group_desired_capacity: { type: 'gauge', help: 'Servers that a group should have.', labels: GROUP },
  drover_group_min_size: { type: 'gauge', help: 'The least that the desired capacity may be now.', labels: GROUP },
  drover_group_max_size: { type: 'gauge', help: 'The most servers that a group may have now.', labels: GROUP },
  drover_group_instances: {
    type: 'gauge',
    help: 'Instances of a group by their state, as docs/architecture.md names them.',
    labels: ['group', 'state'],
  },
  drover_group_unhealthy_instances: {
    type: 'gauge',
    help: 'Instances in service that fail their health checks.',
    labels: GROUP,
  },
  drover_group_launch_suspended: {
    type: 'gauge',
    help: '1 while a group launches nothing after repeated failures, until a person resumes it.',
    labels: GROUP,
  },
  drover_group_holds: {
    type: 'gauge',
    help: 'What keeps a group from doing something now, by its code: the number of sentences that `drover plan` says of it.',
    labels: ['group', 'code'],
  },
  drover_activities_total: {
    type: 'counter',
    help: 'What was done or refused, by its reason (docs/activities.md); without a group where it concerns the whole fleet or a load balancer.',
    labels: ['group', 'reason', 'level'],
  },
  drover_checks_total: {
    type: 'counter',
    help: 'Checks of a group: it was observed and decided. They are failed when the decision could not be recorded.',
    labels: ['group', 'outcome'],
  },
  drover_check_duration_seconds: {
    type: 'histogram',
    help: 'How long a check takes, the commit among it.',
    labels: GROUP,
    buckets: LOCAL_SECONDS,
  },
  drover_operations_total: {
    type: 'counter',
    help: 'Launches, terminations and termination commands that have ended.',
    labels: ['provider', 'kind', 'outcome'],
  },
  drover_operation_duration_seconds: {
    type: 'histogram',
    help: 'How long an operation takes from its begin to its outcome, waits among it.',
    labels: ['provider', 'kind'],
    buckets: OPERATION_SECONDS,
  },
  drover_operations_in_progress: {
    type: 'gauge',
    help: 'Operations that have begun and not ended.',
    labels: ['provider', 'kind'],
  },
  drover_provider_calls_total: {
    type: 'counter',
    help: 'Calls of a provider. A termination is asked for again until the machine is not found any more.',
    labels: ['provider', 'type', 'call', 'outcome'],
  },
  drover_provider_call_duration_seconds: {
    type: 'histogram',
    help: 'How long a call of a provider takes.',
    labels: ['provider', 'type', 'call'],
    buckets: CALL_SECONDS,
  },
  drover_provider_visible: {
    type: 'gauge',
    help: '1 while the list of a provider’s machines is current enough to decide by.',
    labels: PROVIDER,
  },
  drover_provider_rate_limit_wait_seconds_total: {
    type: 'counter',
    help: 'Time for which calls of a provider were held back: because it had refused one (refusal), or because few are left of its rate limit (budget).',
    labels: ['provider', 'cause'],
  },
  drover_load_balancer_visible: {
    type: 'gauge',
    help: '1 while the observation of a load balancer is current enough to decide by.',
    labels: LOAD_BALANCER,
  },
  drover_load_balancer_connections: {
    type: 'gauge',
    help: 'Client connections of the listener that has the most of them.',
    labels: LOAD_BALANCER,
  },
  drover_load_balancer_max_connections: {
    type: 'gauge',
    help: 'Client connections that a listener takes at most.',
    labels: LOAD_BALANCER,
  },
  drover_load_balancer_calls_total: {
    type: 'counter',
    help: 'Observations and changes of a load balancer.',
    labels: ['load_balancer', 'call', 'outcome'],
  },
  drover_load_balancer_call_duration_seconds: {
    type: 'histogram',
    help: 'How long an observation or a change of a load balancer takes.',
    labels: ['load_balancer', 'call'],
    buckets: CALL_SECONDS,
  },
  drover_load_balancer_events_total: {
    type: 'counter',
    help: 'What befell a load balancer: start, reload, died, hung.',
    labels: ['load_balancer', 'event'],
  },
  drover_haproxy_commands_total: {
    type: 'counter',
    help: 'Commands to HAProxy’s runtime API that change servers.',
    labels: LOAD_BALANCER,
  },
  drover_target_group_targets: {
    type: 'gauge',
    help: 'Targets by their health as HAProxy sees it.',
    labels: ['load_balancer', 'target_group', 'health'],
  },
  drover_target_group_requests_total: {
    type: 'counter',
    help: 'Requests to a target group, answered or not.',
    labels: TARGET_GROUP,
  },
  drover_target_group_errors_total: { type: 'counter', help: 'Requests that were answered 5xx.', labels: TARGET_GROUP },
  drover_target_group_open_requests: { type: 'gauge', help: 'Requests that are open now.', labels: TARGET_GROUP },
  drover_target_group_queued_requests: {
    type: 'gauge',
    help: 'Requests that wait for a target.',
    labels: TARGET_GROUP,
  },
  drover_store_commits_total: { type: 'counter', help: 'Transactions of the store.', labels: ['outcome'] },
  drover_store_commit_duration_seconds: {
    type: 'histogram',
    help: 'How long a transaction takes until it is on the disk.',
    labels: [],
    buckets: LOCAL_SECONDS,
  },
  drover_api_requests_total: {
    type: 'counter',
    help: 'Requests of the API that were answered, by the route’s pattern.',
    labels: ['method', 'route', 'status'],
  },
  drover_api_request_duration_seconds: {
    type: 'histogram',
    help: 'How long a request of the API takes until its answer has gone out.',
    labels: ['method', 'route'],
    buckets: LOCAL_SECONDS,
  },
  drover_event_loop_delay_seconds: {
    type: 'histogram',
    help: 'By how much later than planned the event loop comes to a timer, measured twice a second.',
    labels: [],
    buckets: LOCAL_SECONDS,
  },
  drover_defects_total: {
    type: 'counter',
    help: 'Programming errors of Drover itself that were met; drover.log has their stacks.',
    labels: [],
  },
  process_cpu_seconds_total: { type: 'counter', help: 'CPU time of the controller.', labels: [] },
  process_resident_memory_bytes: { type: 'gauge', help: 'Resident memory of the controller.', labels: [] },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When the controller was started, in seconds since 1970.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;

export type MetricName = keyof typeof CATALOGUE;
