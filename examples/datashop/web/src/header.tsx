import { Button } from '@innovaccer/design-system';
import icon from '../icon.svg';
import './header.css';
import type { Workflow } from '../../src/demo.ts';
import { workflowAddress, workflowParameters } from './address.ts';
import { useSession } from './session.tsx';
import { Glyph, ThemeSwitch, TimeZoneSwitch } from './ui/index.ts';

export function Header() {
  const { state, signOut } = useSession();
  return (
    <header className="header">
      <div className="header-place">
        <img src={icon} alt="" width="28" height="28" />
        <div className="header-titles">
          <h1 className="header-title">
            <span className="header-brand">Datashop</span> L3 → L5 ETL logs
          </h1>
          {state.kind === 'signed-in' && <Workflows workflows={state.workflows} />}
        </div>
      </div>
      <div className="header-tools">
        <TimeZoneSwitch />
        <ThemeSwitch />
        {state.kind === 'signed-in' && (
          <div className="header-user">
            <Glyph name="person" size={20} />
            <span className="header-name" title="Signed in as">
              {state.user}
            </span>
            <Button size="tiny" onClick={() => void signOut()}>
              Sign out
            </Button>
          </div>
        )}
      </div>
    </header>
  );
}

/** Links to the user's workflows. Each loads the page again, so nothing of one workflow stays in memory for another. */
function Workflows({ workflows }: { workflows: readonly Workflow[] }) {
  const { workspace, workflow } = workflowParameters();
  const isShown = ({ workspaceID, workflowID }: Workflow, index: number) =>
    workflow === undefined ? index === 0 : workspaceID === workspace && workflowID === workflow;
  return (
    <nav className="header-path" aria-label="Workflows">
      {workflows.map((entry, index) => (
        <a
          key={`${entry.workspaceID}/${entry.workflowID}`}
          href={workflowAddress(entry)}
          aria-current={isShown(entry, index) ? 'page' : undefined}
        >
          {entry.workspaceID} <span aria-hidden="true">/</span> {entry.workflowID}
        </a>
      ))}
    </nav>
  );
}
