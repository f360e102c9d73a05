import { api, type InstanceStatus } from '../api.ts';
import { useMayAct } from '../session.ts';
import { count } from '../words.ts';
import { Confirm } from './confirm.tsx';

export function InstanceActions({ instance }: { readonly instance: InstanceStatus }) {
  const mayAct = useMayAct();
  const ends = instance.state === 'terminating' || instance.state === 'terminated';
  if (!mayAct || ends) return null;
  const open = instance.targets.reduce((sum, { openRequests }) => sum + openRequests, 0);
  return (
    <div className="actions">
      {instance.state === 'draining' ? null : (
        <Confirm
          label="Drain…"
          title={`Drain ${instance.id}`}
          verb="Drain"
          plan={[
            'A replacement is launched first, so that the group keeps its size.',
            `Then it gets no new requests; ${open === 0 ? 'none are open now' : `${count(open, 'open request')} may finish`}.`,
            'After that its machine is terminated.',
          ]}
          run={(force) => api.drain(instance.id, force)}
        />
      )}
      <Confirm
        label="Terminate…"
        title={`Terminate ${instance.id} at once`}
        verb="Terminate"
        danger
        plan={[
          open === 0
            ? 'It has no open requests now; any that come meanwhile are cut.'
            : `${count(open, 'open request')} are cut.`,
          'Its machine is terminated at once.',
          'A new server is launched in its place.',
        ]}
        run={(force) => api.terminate(instance.id, force)}
      />
    </div>
  );
}
