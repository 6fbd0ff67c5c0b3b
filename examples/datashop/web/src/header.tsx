import { Button } from '@innovaccer/design-system';
import { demoWorkflow, demoWorkspace } from '../../src/demo.ts';
import icon from '../icon.svg';
import './header.css';
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
          <p className="header-path">
            {demoWorkspace} <span aria-hidden="true">/</span> {demoWorkflow}
          </p>
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
