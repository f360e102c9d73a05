import { useQuery } from '@tanstack/react-query';
import { api, Refusal } from '../api.ts';
import { useLive } from '../live.ts';
import { Facts, Panel } from '../parts/panel.tsx';
import { Ago, Since } from '../parts/time.tsx';
import { useSession } from '../session.ts';
import { useTitle } from '../title.ts';

/** Who may ask, what this controller is, and whether its surroundings are in order. */
export function Settings() {
  useTitle('Settings');
  const { role } = useSession();
  return (
    <div className="page">
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <div className="split">
        <div className="stack">
          <Doctor />
          {role === 'admin' ? <Tokens /> : null}
        </div>
        <Controller />
      </div>
    </div>
  );
}

function Controller() {
  const fleet = useLive((state) => state.fleet);
  const { name, role } = useSession();
  if (fleet === null) return null;
  return (
    <Panel title="This controller">
      <div className="panel-body">
        <Facts
          facts={[
            ['Drover', fleet.version],
            ['Process', fleet.pid],
            ['Running for', <Since at={fleet.startedAt} key="since" />],
            [
              'Data folder',
              <span className="mono" key="data">
                {fleet.dataDir}
              </span>,
            ],
            [
              'Fleet file',
              fleet.fleetFile === null ? (
                'none: the API owns the fleet'
              ) : (
                <span className="mono" key="file">
                  {fleet.fleetFile}
                </span>
              ),
            ],
            ['You', `${name}, ${role}`],
          ]}
        />
      </div>
    </Panel>
  );
}

function Doctor() {
  const { data, error } = useQuery({ queryKey: ['doctor'], queryFn: api.doctor, retry: false });
  if (error instanceof Refusal && error.status === 404) return null;
  return (
    <Panel title="Doctor" aside="This host, the data folder and the providers">
      {error === null ? null : <p className="empty">{error.message}</p>}
      {data === undefined ? null : (
        <ul>
          {data.subjects.map(({ title, findings }) => (
            <li className="change" key={title}>
              <h3>{title}</h3>
              {findings.map(({ level, message, remedy }) => (
                <p key={message}>
                  <span className={`tag ${level === 'ok' ? 'good' : level}`}>{level}</span> {message}
                  {remedy === null ? null : <span className="muted"> {remedy}</span>}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Tokens() {
  const { data, error } = useQuery({ queryKey: ['tokens'], queryFn: api.tokens, retry: false });
  if (error instanceof Refusal && error.status === 404) return null;
  return (
    <Panel title="Tokens" aside="Who may ask the API">
      {error === null ? null : <p className="empty">{error.message}</p>}
      {data === undefined ? null : (
        <div className="scroll-x">
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">Made</th>
                <th scope="col">Last used</th>
                <th scope="col">Expires</th>
              </tr>
            </thead>
            <tbody>
              {data.map(({ id, name, role, createdAt, lastUsedAt, expiresAt }) => (
                <tr key={id}>
                  <td>{name}</td>
                  <td>{role}</td>
                  <td>
                    <Ago at={createdAt} />
                  </td>
                  <td>{lastUsedAt === null ? 'never' : <Ago at={lastUsedAt} />}</td>
                  <td>{expiresAt === null ? 'never' : new Date(expiresAt).toLocaleDateString('en-GB')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
