import { createEventStream, wipePersisted } from '../../../src/index.ts';
import { Kit } from './kit.ts';
import { mountable } from './react.ts';

window.kit = new Kit(createEventStream, wipePersisted);
window.react = mountable;
