/** The ports with each call measured: what stands between the controller and the world where telemetry is wanted. */

import type { LoadBalancerDriver } from '../ports/load-balancer.ts';
import type { Provider } from '../ports/provider.ts';
import type { Store } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** @param name of the instance, as launch templates call it; @param type of the kind of provider that it is */
export function measuredProvider(provider: Provider, name: string, type: string, telemetry: Telemetry): Provider {
  const call = { kind: 'providerCall', provider: name, type } as const;
  const { processOf, logs } = provider;
  return {
    launch: (request, signal) =>
      telemetry.measure({ ...call, call: 'launch', about: request.instanceId }, () => provider.launch(request, signal)),
    list: (signal) => telemetry.measure({ ...call, call: 'list', about: null }, () => provider.list(signal)),
    terminate: (machineId, signal) =>
      telemetry.measure({ ...call, call: 'terminate', about: machineId }, () => provider.terminate(machineId, signal)),
    watch: (onChange) => provider.watch(onChange),
    ...(processOf === undefined ? {} : { processOf: processOf.bind(provider) }),
    ...(logs === undefined ? {} : { logs: logs.bind(provider) }),
    close: () => provider.close(),
  };
}

export function measuredStore(store: Store, telemetry: Telemetry): Store {
  return {
    ...store,
    commit: (change) =>
      telemetry.measure({ kind: 'commit', activities: change.activities }, () => store.commit(change)),
  };
}

export function measuredLoadBalancer(
  driver: LoadBalancerDriver,
  name: string,
  telemetry: Telemetry,
): LoadBalancerDriver {
  const call = { kind: 'loadBalancerCall', loadBalancer: name } as const;
  return {
    apply: (desired, announce, signal) =>
      telemetry.measure({ ...call, call: 'apply' }, () =>
        driver.apply(
          desired,
          async (event) => {
            const { kind } = event;
            if (kind !== 'accepted') telemetry.count({ kind: 'loadBalancerEvent', loadBalancer: name, event: kind });
            await announce(event);
          },
          signal,
        ),
      ),
    observe: (signal) => telemetry.measure({ ...call, call: 'observe' }, () => driver.observe(signal)),
    watch: (onChange) => driver.watch(onChange),
    stop: (signal) => telemetry.measure({ ...call, call: 'stop' }, () => driver.stop(signal)),
    close: () => driver.close(),
  };
}
