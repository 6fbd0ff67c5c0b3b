/** The workflow that the browsers watch. */
export const workflow = { workspaceID: 'ws', workflowID: 'wf' };

/** How the pipeline reaches the store, and the number of the newest log that it has written. */
export type PipelineSetUp = { readonly newest: number } & (
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly uri: string }
);
