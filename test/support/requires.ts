import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';
import { describe, it } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the tests are skipped, for the closing lines of the run. */
    missingComponent?: string;
  }
}

const INSTALL_TEST_COMPONENTS = 'sudo sh scripts/install-test-components.sh';

/** What tests may need beyond the packages, and the command that installs it. */
const components = {
  azureClient: {
    title: "Azure's client for Python",
    program: 'drover-test-azure',
    install: INSTALL_TEST_COMPONENTS,
  },
  chromium: { title: 'Chromium', program: 'chromium', install: INSTALL_TEST_COMPONENTS },
  docker: { title: 'Docker', program: 'dockerd', install: INSTALL_TEST_COMPONENTS },
  faketime: { title: 'faketime', program: 'faketime', install: INSTALL_TEST_COMPONENTS },
  hcloud: { title: 'hcloud', program: 'hcloud', install: INSTALL_TEST_COMPONENTS },
  haproxy: { title: 'HAProxy', program: 'haproxy', install: 'sudo sh scripts/install-haproxy.sh' },
  incus: { title: 'Incus', program: 'incus', install: INSTALL_TEST_COMPONENTS },
  ipmi: { title: 'OpenIPMI with ipmitool and wakeonlan', program: 'ipmi_sim', install: INSTALL_TEST_COMPONENTS },
  libvirt: { title: 'libvirt', program: 'libvirtd', install: INSTALL_TEST_COMPONENTS },
  moto: { title: 'moto', program: 'drover-test-moto', install: INSTALL_TEST_COMPONENTS },
  openssl: { title: 'OpenSSL', program: 'openssl', install: INSTALL_TEST_COMPONENTS },
  podman: { title: 'Podman', program: 'podman', install: INSTALL_TEST_COMPONENTS },
  prometheus: { title: 'Prometheus', program: 'prometheus', install: INSTALL_TEST_COMPONENTS },
  python3: { title: 'Python', program: 'python3', install: INSTALL_TEST_COMPONENTS },
  dockerRegistry: { title: 'the Docker registry', program: 'docker-registry', install: INSTALL_TEST_COMPONENTS },
  rabbitmq: { title: 'RabbitMQ', program: 'rabbitmq-server', install: INSTALL_TEST_COMPONENTS },
  sshd: { title: 'OpenSSH', program: 'sshd', install: INSTALL_TEST_COMPONENTS },
  redis: { title: 'Redis', program: 'redis-server', install: INSTALL_TEST_COMPONENTS },
  fish: { title: 'fish', program: 'fish', install: INSTALL_TEST_COMPONENTS },
  tmux: { title: 'tmux', program: 'tmux', install: INSTALL_TEST_COMPONENTS },
  zsh: { title: 'zsh', program: 'zsh', install: INSTALL_TEST_COMPONENTS },
  vagrant: { title: 'Vagrant', program: 'vagrant', install: INSTALL_TEST_COMPONENTS },
} as const;

export type Component = keyof typeof components;

/**
 * `describe` for tests that need a component: `requires('haproxy')('the driver', () => { ... })`.
 * Where it is missing the tests are skipped, with the command that installs it; in CI (`CI=true`) they fail.
 */
export function requires(component: Component): (name: string, body: () => void) => void {
  return requiring(components[component], env);
}

/** @internal Apart from `requires` for the sake of its own tests. */
export function requiring(
  component: { readonly title: string; readonly program: string; readonly install: string },
  environment: { readonly CI?: string; readonly PATH?: string },
): (name: string, body: () => void) => void {
  if (isInstalled(component.program, environment.PATH ?? '')) return (name, body) => void describe(name, body);
  const missing = `${component.title} is missing; install it with: ${component.install}`;
  if (environment.CI === 'true') {
    return (name) =>
      void describe(name, () => {
        it('finds what it needs', () => {
          throw new Error(missing);
        });
      });
  }
  return (name, body) => void describe(name, { skip: true, meta: { missingComponent: missing } }, body);
}

function isInstalled(program: string, path: string): boolean {
  // Debian leaves the folders of system programs out of a user's PATH.
  const folders = [...path.split(delimiter), '/usr/local/sbin', '/usr/sbin'].filter((folder) => folder !== '');
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
