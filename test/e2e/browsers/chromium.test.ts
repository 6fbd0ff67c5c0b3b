import { startChromium } from '../../support/browsers/chromium.ts';
import { scenarios } from './scenarios/index.ts';
import { describeInBrowser } from './support/browser-suite.ts';

describeInBrowser('chromium', 'Chromium', startChromium, scenarios);
