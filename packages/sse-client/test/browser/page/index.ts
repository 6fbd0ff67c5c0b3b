import { createEventStream } from '../../../src/index.ts';
import { Kit } from './kit.ts';

window.kit = new Kit(createEventStream);
