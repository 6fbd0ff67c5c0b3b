import { EmptyPane } from './ui/index.ts';

/** The page for a workflow that the user may not read. The header links to the others. */
export function NoAccessPage() {
  return (
    <main className="app-main app-main--outside">
      <EmptyPane
        icon="lock"
        title="You may not read this workflow"
        description="The link may be of another user. Choose one of your workflows above."
      />
    </main>
  );
}
