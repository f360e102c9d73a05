import { useState } from 'react';
import { Button, Checkbox, CheckboxGroup, Group, Input, Label, NumberField } from 'react-aria-components';
import {
  SUSPENDABLE_PROCESSES,
  SUSPENDED_EFFECTS,
  type SuspendableProcess,
} from '../../../src/model/scaling-policy.ts';
import { api, type GroupSummary } from '../api.ts';
import { useMayAct } from '../session.ts';
import { count, spaced } from '../words.ts';
import { Confirm } from './confirm.tsx';

export function GroupActions({ group }: { readonly group: GroupSummary }) {
  if (!useMayAct()) return null;
  return (
    <div className="actions">
      {group.launchSuspended === null ? null : <ResumeLaunch group={group} />}
      <SetDesired group={group} />
      <Suspend group={group} />
      {group.suspendedProcesses.length === 0 ? null : <Resume group={group} />}
    </div>
  );
}

function SetDesired({ group }: { readonly group: GroupSummary }) {
  const [desired, setDesired] = useState(group.desired);
  return (
    <Confirm
      label="Set desired…"
      title={`Set the desired capacity of ${group.name}`}
      verb="Set desired"
      disabled={!Number.isInteger(desired) || desired === group.desired}
      plan={desiredPlan(group, desired)}
      onOpen={() => setDesired(group.desired)}
      run={() => api.setDesired(group.name, desired)}
    >
      <NumberField
        className="field"
        value={desired}
        onChange={setDesired}
        minValue={group.minSize}
        maxValue={group.maxSize}
        autoFocus
      >
        <Label>
          Desired capacity{' '}
          <span className="muted">
            (from {group.minSize} to {group.maxSize})
          </span>
        </Label>
        <Group className="stepper">
          <Button className="button" slot="decrement">
            −
          </Button>
          <Input />
          <Button className="button" slot="increment">
            +
          </Button>
        </Group>
      </NumberField>
    </Confirm>
  );
}

function desiredPlan(group: GroupSummary, desired: number): readonly string[] {
  const change = desired - group.desired;
  if (!Number.isInteger(desired) || change === 0) return [`${group.name} stays at ${count(group.desired, 'server')}.`];
  const lines = [`Desired capacity goes from ${group.desired} to ${desired}.`];
  if (change > 0) {
    lines.push(
      `${count(change, 'server')} ${change === 1 ? 'is' : 'are'} launched; each gets requests once its health checks pass.`,
    );
    if (group.launchSuspended !== null)
      lines.push('Launching is suspended, so nothing is launched until it is resumed.');
  } else {
    lines.push(
      `${count(-change, 'server')} ${change === -1 ? 'is' : 'are'} drained: no new requests, open ones finish, then terminated.`,
    );
  }
  if (group.policies.length > 0)
    lines.push(`${count(group.policies.length, 'scaling policy', 'scaling policies')} may change it again.`);
  return lines;
}

function Suspend({ group }: { readonly group: GroupSummary }) {
  const free = SUSPENDABLE_PROCESSES.filter((process) => !group.suspendedProcesses.includes(process));
  const [chosen, setChosen] = useState<readonly SuspendableProcess[]>([]);
  if (free.length === 0) return null;
  return (
    <Confirm
      label="Suspend…"
      title={`Suspend parts of the work of ${group.name}`}
      verb="Suspend"
      disabled={chosen.length === 0}
      plan={
        chosen.length === 0
          ? ['Choose what is to be suspended.']
          : [...chosen.map((process) => `Until it is resumed, ${SUSPENDED_EFFECTS[process]}.`)]
      }
      onOpen={() => setChosen([])}
      run={() => api.suspend(group.name, chosen)}
    >
      <Processes label="Processes" processes={free} chosen={chosen} onChoose={setChosen} />
    </Confirm>
  );
}

function Resume({ group }: { readonly group: GroupSummary }) {
  const [chosen, setChosen] = useState<readonly SuspendableProcess[]>(group.suspendedProcesses);
  return (
    <Confirm
      label="Resume…"
      title={`Resume parts of the work of ${group.name}`}
      verb="Resume"
      disabled={chosen.length === 0}
      plan={
        chosen.length === 0
          ? ['Choose what is to be resumed.']
          : chosen.map((process) => `${spaced(process)} goes on as the fleet file says.`)
      }
      onOpen={() => setChosen(group.suspendedProcesses)}
      run={() => api.resume(group.name, chosen)}
    >
      <Processes
        label="Suspended processes"
        processes={group.suspendedProcesses}
        chosen={chosen}
        onChoose={setChosen}
      />
    </Confirm>
  );
}

function ResumeLaunch({ group }: { readonly group: GroupSummary }) {
  return (
    <Confirm
      label="Resume launching…"
      title={`Let ${group.name} launch again`}
      verb="Resume launching"
      plan={[
        `It was suspended because: ${group.launchSuspended}`,
        `Launching starts anew: up to ${count(Math.max(0, group.desired - group.inService - group.pending), 'server')} at once, the failures so far are forgotten.`,
      ]}
      run={() => api.resumeLaunch(group.name)}
    />
  );
}

interface ProcessesProps {
  readonly label: string;
  readonly processes: readonly SuspendableProcess[];
  readonly chosen: readonly SuspendableProcess[];
  readonly onChoose: (chosen: readonly SuspendableProcess[]) => void;
}

function Processes({ label, processes, chosen, onChoose }: ProcessesProps) {
  return (
    <CheckboxGroup
      className="field"
      value={[...chosen]}
      onChange={(values) => onChoose(processes.filter((process) => values.includes(process)))}
    >
      <Label>{label}</Label>
      {processes.map((process) => (
        <Checkbox key={process} className="check" value={process}>
          <span className="box" aria-hidden="true">
            ✓
          </span>
          <span>{spaced(process)}</span>
        </Checkbox>
      ))}
    </CheckboxGroup>
  );
}
