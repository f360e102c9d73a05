import { describeProviderConformance } from '../../conformance/provider.ts';
import { AwsWorld } from '../../support/aws-world.ts';

describeProviderConformance('aws, on a fake EC2', () => AwsWorld.make());
describeProviderConformance('aws, in two zones', () => AwsWorld.make(['a', 'b'], ['one', 'two']));
