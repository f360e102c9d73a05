import type Docker from 'dockerode';
import type { ContainerInspectInfo } from 'dockerode';

interface Abortable {
  readonly abortSignal: AbortSignal;
}

/** What is asked of a container. The client's own methods take callbacks, too; these are the forms that promise. */
export interface ContainerCalls {
  inspect(options: Abortable): Promise<ContainerInspectInfo & { readonly Config: { readonly StopTimeout?: number } }>;
  start(options: Abortable): Promise<unknown>;
  stop(options: Abortable): Promise<unknown>;
  remove(options: Abortable & { force: true; v: true }): Promise<unknown>;
  logs(options: Abortable & Logged & { follow: false }): Promise<Buffer>;
  logs(options: Abortable & Logged & { follow: true }): Promise<AsyncIterable<string | Buffer>>;
}

interface Logged {
  readonly stdout: true;
  readonly stderr: true;
  readonly tail: number;
}

/** @param container its name or its id */
export function containerCalls(docker: Docker, container: string): ContainerCalls {
  return docker.getContainer(container);
}

interface NetworkCalls {
  connect(options: { Container: string }): Promise<unknown>;
}

export function networkCalls(docker: Docker, network: string): NetworkCalls {
  return docker.getNetwork(network);
}
