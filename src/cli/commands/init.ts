import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { InitOptions } from '../handlers/init.ts';

export function addInitCommand(program: Command, context: Context): void {
  program
    .command('init')
    .summary('write a first fleet file')
    .description(
      'Asks a few questions and writes a commented fleet file that starts as it is. What is given as an option is not asked for; without a ' +
        'terminal, or with --yes, the usual answers stand for the rest. An existing file is never overwritten.',
    )
    .argument('[fleet.yaml]', 'the file to write (default: ./fleet.yaml)')
    .option('--provider <type>', 'what the servers are: process, docker, static, hetzner, ... (default: process)')
    .option(
      '--command <command>',
      'process: what starts a server (default: the start script of package.json); exec: the program',
    )
    .option('--image <image>', 'docker, hetzner, incus, libvirt, vagrant: what servers are made from')
    .option('--hosts <addresses>', 'static: the IP addresses of the hosts, with commas between')
    .option('--service <name>', 'static: the systemd service that serves')
    .option('--server-port <port>', 'the port that a server listens on, where it has an address of its own')
    .option('--engine <url>', 'docker: where the engine is')
    .option('--health-path <path>', 'the path that says whether a server is well (default: /)')
    .option('--servers <number>', 'how many servers (default: 2)')
    .option('--port <port>', 'where requests come in (default: 8080, or the next that is free)')
    .option('--name <name>', 'the name of the fleet (default: that of the folder)')
    .option('--yes', 'do not ask')
    .action(async (file: string | undefined, options: InitOptions, command: Command) => {
      const { init } = await import('../handlers/init.ts');
      await init(context, file, options, command);
    });
}
