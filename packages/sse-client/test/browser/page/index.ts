import { createEventStream } from '../../../src/index.ts';
import { Kit } from './kit.ts';
import { mountable } from './react.ts';

window.kit = new Kit(createEventStream);
window.react = mountable;
