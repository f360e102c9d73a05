import type { VagrantProvider } from './settings.ts';

/** What the Vagrantfile makes a machine of: `server.json`, beside it. It holds nothing that is secret. */
export interface ServerDescription {
  readonly name: string;
  readonly hostname: string;
  readonly provider: VagrantProvider;
  readonly box: string | null;
  readonly boxVersion: string | null;
  readonly memoryMib: number | null;
  readonly cpus: number | null;
  readonly network: { readonly address: string; readonly netmask: string | number } | null;
  readonly provision: readonly {
    readonly file: string;
    readonly args: readonly string[];
    readonly privileged: boolean;
  }[];
  readonly uri: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly providerSettings: Readonly<Record<string, unknown>>;
}

/**
 * The same for every machine: what differs comes from `server.json` as data, so that no text of a fleet file can become a part of the program
 * that this is.
 */
export const VAGRANTFILE = `# Written by Drover, which replaces it: a change here is lost.
require 'json'
server = JSON.parse(File.read(File.join(__dir__, 'server.json')))

Vagrant.configure('2') do |config|
  config.vm.define server['name'] do |machine|
    unless server['box'].nil?
      machine.vm.box = server['box']
      machine.vm.box_version = server['boxVersion'] unless server['boxVersion'].nil?
    end
    machine.vm.box_check_update = false
    machine.vm.hostname = server['hostname']
    machine.vm.synced_folder '.', '/vagrant', disabled: true
    network = server['network']
    machine.vm.network 'private_network', ip: network['address'], netmask: network['netmask'] unless network.nil?

    server['provision'].each do |step|
      script = File.join(__dir__, step['file'])
      machine.vm.provision 'shell', path: script, args: step['args'], privileged: step['privileged']
    end

    machine.vm.provider server['provider'] do |provider|
      settings = server['providerSettings']
      settings.each do |name, value|
        next if name == 'create_args'
        if name == 'customize'
          value.each { |words| provider.customize(words.map { |word| word == ':id' ? :id : word }) }
        else
          provider.public_send("#{name}=", value)
        end
      end
      limits = [server['memoryMib'], server['cpus']]
      case server['provider']
      when 'docker'
        provider.name = server['name']
        provider.has_ssh = false unless settings.key?('has_ssh')
        provider.remains_running = true
        provider.force_host_vm = false
        labels = server['labels'].flat_map { |name, value| ['--label', "#{name}=#{value}"] }
        memory = limits[0].nil? ? [] : ['--memory', "#{limits[0]}m"]
        cpus = limits[1].nil? ? [] : ['--cpus', limits[1].to_s]
        provider.create_args = labels + memory + cpus + (settings['create_args'] || [])
      else
        provider.memory = limits[0] unless limits[0].nil?
        provider.cpus = limits[1] unless limits[1].nil?
        if server['provider'] == 'libvirt'
          provider.uri = server['uri']
          provider.default_prefix = ''
        else
          provider.name = server['name']
        end
      end
    end
  end
end
`;
