import { createEventStream } from '../../../src/index.ts';
import { wipePersisted } from '../../../src/persist.ts';
import { Kit } from './kit.ts';
import { mountable } from './react.ts';

window.kit = new Kit(createEventStream, wipePersisted);
window.react = mountable;
