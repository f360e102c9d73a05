import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeProviderConformance } from '../../conformance/provider.ts';
import { FakeEc2 } from '../../support/fake-ec2.ts';
import { boto3, Moto, MotoWorld } from '../../support/moto.ts';
import { requires } from '../../support/requires.ts';

const KEY = { id: 'AKIDTEST', secret: 'secret-of-tests' };

/** What AWS's own client for Python makes of an EC2: instances, pages, tokens, errors. */
const SCRIPT = `
import boto3, json, os
from botocore.exceptions import ClientError
ec2 = boto3.client("ec2", endpoint_url=os.environ["ENDPOINT"])

def run(token, **more):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "shop & co"}]}]
    answer = ec2.run_instances(ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1,
                               ClientToken=token, TagSpecifications=tags, **more)
    return answer["Instances"][0]["InstanceId"]

def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]

first, again = run("one"), run("one")
run("two")
pages = ec2.get_paginator("describe_instances").paginate(
    Filters=[{"Name": "tag:team", "Values": ["shop & co"]}], PaginationConfig={"PageSize": 5})
listed = [instance for page in pages for r in page["Reservations"] for instance in r["Instances"]]
ended = ec2.terminate_instances(InstanceIds=[first])["TerminatingInstances"][0]
print(json.dumps({
    "same": first == again,
    "listed": len(listed),
    "states": sorted({instance["State"]["Name"] for instance in listed}),
    "ended": ended["PreviousState"]["Name"],
    "mismatch": code(lambda: run("two", KeyName="other")),
    "terminated": code(lambda: run("one")),
    "unknown": code(lambda: ec2.describe_instances(InstanceIds=["i-00000000"])),
    "dry": code(lambda: run("three", DryRun=True)),
    "subnets": len(ec2.describe_subnets()["Subnets"]),
}))
`;

requires('moto')('moto, and the clients that come with it', () => {
  describe('the provider', () => {
    let moto: Moto;

    beforeAll(async () => {
      moto = await Moto.start();
    });
    afterAll(() => moto.stop());

    describeProviderConformance('aws, on moto', () => MotoWorld.make(moto));
  });

  describe('the fake EC2 of our tests', () => {
    let ec2: FakeEc2;

    beforeAll(async () => {
      ec2 = await FakeEc2.start(['a', 'b']);
      ec2.pageSize = 1;
    });
    afterAll(() => ec2.close());

    it('is one for boto3', async () => {
      expect(await boto3(SCRIPT, ec2.url, KEY)).toEqual({
        same: true,
        listed: 2,
        states: ['running'],
        ended: 'running',
        mismatch: 'IdempotentParameterMismatch',
        terminated: 'IdempotentInstanceTerminated',
        unknown: 'InvalidInstanceID.NotFound',
        dry: 'DryRunOperation',
        subnets: 2,
      });
    });

    it('knows a wrong key, and a wrong signature', async () => {
      const script = `
import boto3, os, json
from botocore.exceptions import ClientError
try:
    boto3.client("ec2", endpoint_url=os.environ["ENDPOINT"]).describe_instances()
except ClientError as error:
    print(json.dumps(error.response["Error"]["Code"]))
`;
      expect(await boto3(script, ec2.url, { ...KEY, id: 'AKIDOTHER' })).toBe('AuthFailure');
      expect(await boto3(script, ec2.url, { ...KEY, secret: 'other' })).toBe('SignatureDoesNotMatch');
    });
  });
});
