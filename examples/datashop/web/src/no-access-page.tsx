import { workflowParameters } from './address.ts';
import { EmptyPane } from './ui/index.ts';

/**
 * The page for a workflow that the user may not read. It names that workflow, so that the user can request access.
 */
export function NoAccessPage() {
  const { workspace, workflow } = workflowParameters();
  const target = workspace && workflow ? `The link leads to ${workspace} / ${workflow}. ` : '';
  return (
    <main className="app-main app-main--outside">
      <EmptyPane
        icon="lock"
        title="You may not read this workflow"
        description={`${target}Ask its owner for access, or choose one of your workflows above.`}
      />
    </main>
  );
}
