import { connectionScenarios } from './connection.ts';
import { listScenarios } from './list.ts';
import { outageScenarios } from './outages.ts';
import { sessionScenarios } from './session.ts';
import { tabScenarios } from './tabs.ts';

/**
 * What a user relies on, to be tested in every browser. The details are tested in Chromium, in
 * `test/e2e/viewer-*.test.ts`.
 */
export const scenarios = [connectionScenarios, outageScenarios, sessionScenarios, tabScenarios, listScenarios];
