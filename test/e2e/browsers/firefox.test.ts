import { startFirefox } from '../../support/browsers/firefox.ts';
import { scenarios } from './scenarios/index.ts';
import { describeInBrowser } from './support/browser-suite.ts';

describeInBrowser('firefox', 'Firefox', startFirefox, scenarios);
