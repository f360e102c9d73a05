import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from 'react-aria-components';
import { parse, stringify } from 'yaml';
import type { JsonObject } from '../../../src/model/json.ts';
import type { PlannedFleet, ShownFleetVersion } from '../../../src/views/fleet-versions.ts';
import { api } from '../api.ts';
import { Changes } from '../parts/changes.tsx';
import { Panel } from '../parts/panel.tsx';
import Editor from './editor.tsx';

interface FleetEditorProps {
  readonly version: number;
  readonly onClose: () => void;
}

/** The fleet's document as YAML: written, planned, and only then applied. */
export default function FleetEditor({ version, onClose }: FleetEditorProps) {
  const [from] = useState(version);
  const { data, error } = useQuery({
    queryKey: ['version', from],
    queryFn: () => api.version(from),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null) return <p className="refusal">{error.message}</p>;
  return data === undefined ? (
    <p className="empty">Reading version {from}…</p>
  ) : (
    <Draft version={data} onClose={onClose} />
  );
}

type Planned = { readonly text: string; readonly plan: PlannedFleet };

function Draft({ version, onClose }: { readonly version: ShownFleetVersion; readonly onClose: () => void }) {
  const [original] = useState(() => stringify(version.document.content, { lineWidth: 120 }));
  const [text, setText] = useState(original);
  const [planned, setPlanned] = useState<Planned | null>(null);
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();
  const attempt = async (what: () => Promise<void>) => {
    setProblem('');
    setBusy(true);
    try {
      await what();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const documentOf = () => ({ baseDir: version.document.baseDir, content: parse(text) as JsonObject });
  const plan = () => attempt(async () => setPlanned({ text, plan: await api.planFleet(documentOf()) }));
  const apply = (madeFrom: number) =>
    attempt(async () => {
      await api.applyFleet(documentOf(), madeFrom);
      await queries.invalidateQueries({ queryKey: ['versions'] });
      onClose();
    });
  const isCurrent = planned !== null && planned.text === text;
  return (
    <>
      <Panel
        title={`The next version, from version ${version.number}`}
        aside="Completion with Ctrl-Space. Comments are not kept."
      >
        {original.includes('(not shown)') ? (
          <p className="empty">
            Values that may be secret stand there as (not shown): write them in again before you apply it.
          </p>
        ) : null}
        <Editor text={original} onChange={setText} readOnly={false} label="Fleet file" />
        <div className="panel-body actions">
          <Button
            className="button primary"
            isDisabled={busy || text === original || isCurrent}
            onPress={() => void plan()}
          >
            Plan
          </Button>
          <Button className="button" onPress={onClose}>
            Discard
          </Button>
        </div>
        {problem === '' ? null : (
          <p className="refusal" role="alert">
            {problem}
          </p>
        )}
      </Panel>
      {planned === null || !isCurrent ? null : (
        <Panel title="What applying it does">
          <Changes changes={planned.plan.changes} />
          <div className="panel-body actions">
            <Button
              className="button primary"
              isDisabled={busy || planned.plan.changes.length === 0}
              onPress={() => void apply(planned.plan.madeFrom)}
            >
              Apply
            </Button>
          </div>
        </Panel>
      )}
    </>
  );
}
