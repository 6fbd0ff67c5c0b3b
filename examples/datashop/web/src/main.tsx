import { createRoot } from 'react-dom/client';
import '@fontsource/nunito-sans/latin-400.css';
import '@fontsource/nunito-sans/latin-600.css';
import '@fontsource/nunito-sans/latin-700.css';
import '@innovaccer/design-system/css';
import { Heading } from '@innovaccer/design-system';
import { LogStreamProvider, StreamMode } from './stream/index.ts';

createRoot(document.getElementById('root')!).render(
  <LogStreamProvider user="demo" onUnauthorized={() => {}}>
    <Heading>Logs</Heading>
    <StreamMode />
  </LogStreamProvider>,
);
