import { startWebKit } from '../../support/browsers/webkit.ts';
import { scenarios } from './scenarios/index.ts';
import { describeInBrowser } from './support/browser-suite.ts';

describeInBrowser('webkit', 'WebKit', startWebKit, scenarios);
