import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Button } from 'react-aria-components';
import { Link, useLocation, useSearch } from 'wouter';
import type { FleetVersionSummary } from '../../../src/model/fleet-version.ts';
import { api } from '../api.ts';
import { useLive } from '../live.ts';
import { Changes } from '../parts/changes.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Panel } from '../parts/panel.tsx';
import { Ago } from '../parts/time.tsx';
import { useSession } from '../session.ts';
import { useTitle } from '../title.ts';
import { count } from '../words.ts';

const FleetEditor = lazy(() => import('../editor/fleet-editor.tsx'));

/** The versions of the desired fleet: what is different in each, and the way to the next one. */
export function FleetFile() {
  useTitle('Fleet file');
  const inForce = useLive(({ fleet }) => fleet?.fleetVersion ?? 0);
  const { role } = useSession();
  const [edits, setEdits] = useState(false);
  const { data, error } = useQuery({ queryKey: ['versions', inForce], queryFn: api.versions });
  const query = new URLSearchParams(useSearch());
  const shown = Number(query.get('version') ?? data?.versions[0]?.number ?? 0);
  if (error !== null) return <p className="empty">{error.message}</p>;
  if (data === undefined) return <p className="empty">Reading the versions…</p>;
  const { owner, versions } = data;
  const mayChange = role === 'admin' && owner.kind === 'api';
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Fleet file</h1>
          <p>
            Version {inForce} is in force.{' '}
            {owner.kind === 'file' ? (
              <>
                The file <code>{owner.path}</code> owns the fleet: change it there.
              </>
            ) : (
              'The fleet is changed here, or with drover apply.'
            )}
          </p>
        </div>
        {mayChange && !edits ? (
          <Button className="button primary" onPress={() => setEdits(true)}>
            Edit
          </Button>
        ) : null}
      </div>
      {edits ? (
        <Suspense fallback={<p className="empty">Opening the editor…</p>}>
          <FleetEditor version={inForce} onClose={() => setEdits(false)} />
        </Suspense>
      ) : null}
      <div className="split">
        <Panel title="Versions" aside={count(versions.length, 'version')}>
          <ul className="grid-table versions grid-body">
            {versions.map((version) => (
              <VersionLine
                key={version.number}
                version={version}
                inForce={inForce}
                shown={shown}
                mayChange={mayChange}
              />
            ))}
          </ul>
        </Panel>
        {shown === 0 ? null : <Differences number={shown} versions={versions} />}
      </div>
    </div>
  );
}

interface VersionLineProps {
  readonly version: FleetVersionSummary;
  readonly inForce: number;
  readonly shown: number;
  readonly mayChange: boolean;
}

function VersionLine({ version, inForce, shown, mayChange }: VersionLineProps) {
  const { number, at } = version;
  return (
    <li className="grid-row">
      <span>
        <Link
          href={`/fleet?version=${number}`}
          aria-current={number === shown ? 'true' : undefined}
          aria-label={`Version ${number}`}
        >
          {number === shown ? <b>{number}</b> : number}
        </Link>
      </span>
      <span className="clip">{originInWords(version)}</span>
      <span className="muted">
        <Ago at={at} />
      </span>
      {number === inForce ? (
        <span className="tag good">in force</span>
      ) : mayChange ? (
        <RollBack to={number} from={inForce} />
      ) : (
        <span />
      )}
    </li>
  );
}

function originInWords({ origin }: FleetVersionSummary): string {
  switch (origin.kind) {
    case 'file':
      return `from ${origin.path}`;
    case 'api':
      return `by ${origin.caller}`;
    case 'rollback':
      return `back to version ${origin.to}, by ${origin.caller}`;
  }
}

function RollBack({ to, from }: { readonly to: number; readonly from: number }) {
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({ queryKey: ['changes', from, to], queryFn: () => api.changes(from, to), enabled: opened });
  const queries = useQueryClient();
  const plan = data?.map(
    ({ path, before, after, effect }) => `${path}: ${before ?? 'nothing'} → ${after ?? 'nothing'} (${effect})`,
  );
  return (
    <Confirm
      label="Bring back…"
      title={`Bring back version ${to}`}
      verb="Bring back"
      disabled={plan === undefined}
      plan={
        plan === undefined
          ? ['Working out what will change…']
          : plan.length === 0
            ? ['Nothing: it says the same.']
            : plan
      }
      onOpen={() => setOpened(true)}
      run={async () => {
        await api.rollBack(to, from);
        await queries.invalidateQueries({ queryKey: ['versions'] });
      }}
    />
  );
}

function Differences({
  number,
  versions,
}: {
  readonly number: number;
  readonly versions: readonly FleetVersionSummary[];
}) {
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch());
  const older = versions.filter((version) => version.number < number);
  const from = Number(query.get('from') ?? older[0]?.number ?? 0);
  const { data, error } = useQuery({
    queryKey: ['changes', from, number],
    queryFn: () => api.changes(from, number),
    enabled: from > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const choose = (chosen: string) => navigate(`/fleet?version=${number}&from=${chosen}`, { replace: true });
  return (
    <Panel
      title={`What version ${number} changed`}
      aside={
        older.length === 0 ? null : (
          <label>
            since version{' '}
            <select className="input small" value={from} onChange={(event) => choose(event.target.value)}>
              {older.map((version) => (
                <option key={version.number}>{version.number}</option>
              ))}
            </select>
          </label>
        )
      }
    >
      {error === null ? null : <p className="empty">{error.message}</p>}
      {from === 0 ? <p className="empty">It is the oldest one that is kept.</p> : null}
      {data === undefined ? null : <Changes changes={data} />}
    </Panel>
  );
}
