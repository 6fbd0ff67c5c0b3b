export { sharedTabs } from './tabs/shared-tabs.ts';
export type { SharedTabs, SharedTabsOptions } from './types.ts';
