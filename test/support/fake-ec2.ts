import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ownAddresses } from './exec-world.ts';
import { checkSignature, Ec2Refusal, Query, type XmlValue, xml } from './fake-ec2-protocol.ts';

const ACCOUNT = '123456789012';
const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';
const RUN_INSTANCES = [
  ...['ImageId', 'InstanceType', 'MinCount', 'MaxCount', 'ClientToken', 'DryRun', 'KeyName', 'UserData', 'SubnetId'],
  ...['SecurityGroupId', 'TagSpecification', 'LaunchTemplate', 'IamInstanceProfile', 'NetworkInterface'],
  ...['BlockDeviceMapping', 'MetadataOptions', 'InstanceMarketOptions'],
];

type StateName = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';
const STATE_CODES: Record<StateName, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export interface FakeInstance {
  readonly id: string;
  readonly launchedAt: number;
  readonly address: string;
  readonly subnetId: string;
  readonly type: string;
  readonly userData: string;
  readonly tags: Record<string, string>;
  readonly token: string | undefined;
  readonly query: Query;
  endedAt: number | null;
  stopped: boolean;
  reason: { readonly Code: string; readonly Message: string } | null;
}

/** A refusal, or an answer that is lost, of one of the next calls. */
export interface Fault {
  readonly action: string;
  readonly code?: string;
  readonly status?: number;
  readonly message?: string;
  /** The call takes effect, and its answer does not arrive. */
  readonly isLost?: true;
}

/**
 * EC2 as far as Drover uses it, by its query protocol: signed requests, client tokens, capacity, pages, lists that are behind. Any client may ask it.
 * What it does not have it refuses. What is terminated stays in
 * its list, as on EC2 for an hour.
 */
export class FakeEc2 {
  /** Secret keys by their id. */
  readonly keys = new Map([['AKIDTEST', 'secret-of-tests']]);
  readonly instances: FakeInstance[] = [];
  readonly subnets = new Map<string, { readonly name: string; readonly zone: string; free: string[] }>();
  readonly faults: Fault[] = [];
  readonly calls: string[] = [];
  readonly protected = new Set<string>();
  /** The code of an error for an instance type in a subnet; null where there is room. */
  capacity: (type: string, subnetId: string) => string | null = () => null;
  listLagMs = 0;
  bootMs = 0;
  endMs = 0;
  pageSize = 1_000;
  onLaunch: (instance: FakeInstance) => void = () => undefined;
  onEnd: (instance: FakeInstance) => void = () => undefined;
  readonly #tokens = new Map<string, { readonly digest: string; instance: FakeInstance | null }>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(subnets: readonly string[] = ['a']): Promise<FakeEc2> {
    const fake = new FakeEc2();
    subnets.forEach((name, index) => {
      fake.subnets.set(`subnet-0000000${index}`, { name, zone: `eu-test-1${name}`, free: ownAddresses(20) });
    });
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get alive(): readonly FakeInstance[] {
    return this.instances.filter((instance) => this.stateOf(instance) !== 'terminated');
  }

  stateOf({ launchedAt, endedAt, stopped }: FakeInstance): StateName {
    const now = Date.now();
    if (endedAt !== null) return now - endedAt >= this.endMs ? 'terminated' : 'shutting-down';
    if (stopped) return 'stopped';
    return now - launchedAt >= this.bootMs ? 'running' : 'pending';
  }

  /** Somebody in the machine, or in the console, shuts it down. */
  stop(id: string): void {
    const instance = this.#known(id);
    instance.stopped = true;
    instance.reason = {
      Code: 'Client.UserInitiatedShutdown',
      Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
    };
    this.onEnd(instance);
  }

  /** AWS takes a spot instance back. */
  interrupt(id: string): void {
    const message = 'Server.SpotInstanceTermination: Spot instance termination';
    this.#end(this.#known(id), { Code: 'Server.SpotInstanceTermination', Message: message });
  }

  async close(): Promise<void> {
    for (const instance of this.instances) this.onEnd(instance);
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const query = new Query(body);
    const action = query.get('Action') ?? '';
    this.calls.push(action);
    const reply = (status: number, answer: string) => {
      response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' }).end(answer);
    };
    const at = this.faults.findIndex((fault) => fault.action === action);
    const [fault] = at === -1 ? [] : this.faults.splice(at, 1);
    try {
      checkSignature(request, body, this.keys);
      if (fault?.code !== undefined) throw new Ec2Refusal(fault.code, fault.message ?? fault.code, fault.status);
      const answer = this.#act(action, query);
      if (fault?.isLost === true) response.destroy();
      else reply(200, answer);
    } catch (error) {
      if (!(error instanceof Ec2Refusal)) throw error;
      const { code: Code, message: Message, status } = error;
      reply(
        status,
        `<Response><Errors>${xml('Error', { Code, Message })}</Errors><RequestID>${randomUUID()}</RequestID></Response>`,
      );
    }
  }

  #act(action: string, query: Query): string {
    if (action === 'AssumeRole') return this.#assumeRole(query);
    const answer = (content: Record<string, XmlValue>) =>
      `<${action}Response xmlns="${NAMESPACE}">${xml('requestId', randomUUID())}${Object.entries(content)
        .map(([name, value]) => xml(name, value))
        .join('')}</${action}Response>`;
    switch (action) {
      case 'RunInstances':
        return answer(this.#reservation([this.#run(query)]));
      case 'DescribeInstances':
        return answer(this.#describe(query));
      case 'TerminateInstances':
        return answer({ instancesSet: this.#terminate(query) });
      case 'DescribeSubnets':
        return answer({ subnetSet: this.#describeSubnets(query) });
      default:
        throw new Ec2Refusal('InvalidAction', `The action ${action} is not valid for this web service.`);
    }
  }

  #run(query: Query): FakeInstance {
    query.expectOnly(RUN_INSTANCES);
    if (query.get('DryRun') === 'true') {
      throw new Ec2Refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    }
    const token = query.get('ClientToken');
    const digest = query.digest();
    const earlier = token === undefined ? undefined : this.#tokens.get(token);
    if (earlier !== undefined && earlier.digest !== digest) {
      const message =
        'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).';
      throw new Ec2Refusal('IdempotentParameterMismatch', message);
    }
    if (earlier?.instance && this.stateOf(earlier.instance) === 'terminated') {
      const message = 'The client token you have provided is associated with a terminated instance.';
      throw new Ec2Refusal('IdempotentInstanceTerminated', message);
    }
    if (earlier?.instance) return earlier.instance;
    // A call that finds no room has used its token, too.
    if (token !== undefined) this.#tokens.set(token, { digest, instance: null });
    const instance = this.#launch(query);
    if (token !== undefined) this.#tokens.set(token, { digest, instance });
    return instance;
  }

  #launch(query: Query): FakeInstance {
    const [networkInterface] = query.structures('NetworkInterface');
    const [first = ''] = this.subnets.keys();
    const subnetId = query.get('SubnetId') ?? networkInterface?.get('SubnetId') ?? first;
    const subnet = this.subnets.get(subnetId);
    if (subnet === undefined) {
      throw new Ec2Refusal('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`);
    }
    const image = query.get('ImageId') ?? '';
    if (image.startsWith('ami-bad'))
      throw new Ec2Refusal('InvalidAMIID.NotFound', `The image id '[${image}]' does not exist`);
    const userData = Buffer.from(query.get('UserData') ?? '', 'base64');
    if (userData.length > 16_384)
      throw new Ec2Refusal('InvalidUserData.Malformed', 'User data is limited to 16384 bytes');
    const type = query.get('InstanceType') ?? 'm1.small';
    const full = this.capacity(type, subnetId);
    if (full !== null)
      throw new Ec2Refusal(
        full,
        `We currently do not have sufficient ${type} capacity.`,
        full.startsWith('Insufficient') ? 500 : 400,
      );
    const address = subnet.free.shift();
    if (address === undefined) {
      throw new Ec2Refusal(
        'InsufficientFreeAddressesInSubnet',
        `There are not enough free addresses in subnet '${subnetId}'.`,
      );
    }
    const tags = query
      .structures('TagSpecification')
      .filter((specification) => specification.get('ResourceType') === 'instance')
      .flatMap((specification) => specification.structures('Tag'))
      .map((tag) => [tag.get('Key') ?? '', tag.get('Value') ?? '']);
    const instance: FakeInstance = {
      id: `i-${randomBytes(8).toString('hex')}`,
      // EC2 has whole seconds.
      launchedAt: Math.floor(Date.now() / 1000) * 1000,
      address,
      subnetId,
      type,
      userData: userData.toString(),
      tags: Object.fromEntries(tags),
      token: query.get('ClientToken'),
      query,
      endedAt: null,
      stopped: false,
      reason: null,
    };
    this.instances.push(instance);
    this.onLaunch(instance);
    return instance;
  }

  #describe(query: Query): Record<string, XmlValue> {
    query.expectOnly(['Filter', 'InstanceId', 'MaxResults', 'NextToken']);
    const seen = this.instances.filter(({ launchedAt }) => Date.now() - launchedAt >= this.listLagMs);
    for (const id of query.list('InstanceId')) {
      if (!seen.some((one) => one.id === id))
        throw new Ec2Refusal('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    }
    const asked = query.list('InstanceId');
    const filters = query
      .structures('Filter')
      .map((filter) => ({ name: filter.get('Name') ?? '', values: filter.list('Value') }));
    const found = seen
      .filter(({ id }) => asked.length === 0 || asked.includes(id))
      .filter((instance) => filters.every(({ name, values }) => values.includes(this.#valueOf(instance, name))));
    const from = Number(query.get('NextToken') ?? 0);
    const size =
      query.get('MaxResults') === undefined ? found.length : Math.min(Number(query.get('MaxResults')), this.pageSize);
    const page = found.slice(from, from + size);
    const rest = from + size < found.length ? { nextToken: String(from + size) } : {};
    return { reservationSet: page.map((instance) => this.#reservation([instance])), ...rest };
  }

  #valueOf(instance: FakeInstance, filter: string): string {
    if (filter.startsWith('tag:')) return instance.tags[filter.slice('tag:'.length)] ?? '';
    if (filter === 'instance-state-name') return this.stateOf(instance);
    if (filter === 'instance-id') return instance.id;
    throw new Ec2Refusal('InvalidParameterValue', `The filter '${filter}' is invalid`);
  }

  #terminate(query: Query): XmlValue[] {
    const ids = query.list('InstanceId');
    const instances = ids.map((id) => this.#known(id));
    for (const { id, launchedAt } of instances) {
      if (Date.now() - launchedAt < this.listLagMs)
        throw new Ec2Refusal('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
      if (!this.protected.has(id)) continue;
      const message = `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`;
      throw new Ec2Refusal('OperationNotPermitted', message);
    }
    return instances.map((instance) => {
      const previousState = this.#state(instance);
      const reason = {
        Code: 'Client.UserInitiatedShutdown',
        Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      };
      if (instance.endedAt === null) this.#end(instance, reason);
      return { instanceId: instance.id, previousState, currentState: this.#state(instance) };
    });
  }

  #describeSubnets(query: Query): XmlValue[] {
    query.expectOnly(['Filter', 'SubnetId', 'MaxResults', 'NextToken']);
    const filters = query
      .structures('Filter')
      .map((filter) => ({ name: filter.get('Name') ?? '', values: filter.list('Value') }));
    const rows = [...this.subnets].map(([id, subnet]) => ({ id, ...subnet }));
    const attribute = ({ id, name }: (typeof rows)[number], filter: string) =>
      ({ 'subnet-id': id, 'tag:Name': name, 'default-for-az': 'true' })[filter] ?? '';
    return rows
      .filter((row) => filters.every(({ name, values }) => values.includes(attribute(row, name))))
      .map(({ id, zone, free }) => ({
        subnetId: id,
        state: 'available',
        availabilityZone: zone,
        availableIpAddressCount: free.length,
        ownerId: ACCOUNT,
      }));
  }

  #assumeRole(query: Query): string {
    const [id, secret] = [`ASIA${randomBytes(6).toString('hex').toUpperCase()}`, randomBytes(16).toString('hex')];
    this.keys.set(id, secret);
    const credentials = xml('Credentials', {
      AccessKeyId: id,
      SecretAccessKey: secret,
      SessionToken: 'a-session',
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const user = xml('AssumedRoleUser', { Arn: query.get('RoleArn'), AssumedRoleId: 'AROATEST:drover' });
    return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>${credentials}${user}</AssumeRoleResult></AssumeRoleResponse>`;
  }

  #end(instance: FakeInstance, reason: FakeInstance['reason']): void {
    instance.endedAt = Date.now();
    instance.reason = reason;
    this.subnets.get(instance.subnetId)?.free.push(instance.address);
    this.onEnd(instance);
  }

  #known(id: string): FakeInstance {
    const instance = this.instances.find((one) => one.id === id);
    if (instance === undefined)
      throw new Ec2Refusal('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    return instance;
  }

  #state(instance: FakeInstance): XmlValue {
    const name = this.stateOf(instance);
    return { code: STATE_CODES[name], name };
  }

  #reservation(instances: readonly FakeInstance[]): Record<string, XmlValue> {
    return {
      reservationId: `r-${instances[0]?.id.slice(2)}`,
      ownerId: ACCOUNT,
      instancesSet: instances.map((instance) => ({
        instanceId: instance.id,
        imageId: instance.query.get('ImageId') ?? '',
        instanceState: this.#state(instance),
        privateIpAddress: instance.endedAt === null ? instance.address : undefined,
        stateReason:
          instance.reason === null ? undefined : { code: instance.reason.Code, message: instance.reason.Message },
        instanceType: instance.type,
        instanceLifecycle: instance.query.get('InstanceMarketOptions.MarketType') === 'spot' ? 'spot' : undefined,
        launchTime: new Date(instance.launchedAt).toISOString(),
        subnetId: instance.subnetId,
        clientToken: instance.token,
        tagSet: Object.entries(instance.tags).map(([key, value]) => ({ key, value })),
      })),
    };
  }
}
