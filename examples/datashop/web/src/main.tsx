import { createRoot } from 'react-dom/client';
import '@fontsource/nunito-sans/latin-400.css';
import '@fontsource/nunito-sans/latin-600.css';
import '@fontsource/nunito-sans/latin-700.css';
import '@innovaccer/design-system/css';
import './styles/tokens.css';
import './styles/design-system.css';
import './styles/page.css';
import { App } from './app.tsx';
import { SessionProvider } from './session.tsx';
import { applyStoredTheme, TimeProvider, ToastProvider } from './ui/index.ts';

applyStoredTheme();

createRoot(document.getElementById('root')!).render(
  <TimeProvider>
    <ToastProvider>
      <SessionProvider>
        <App />
      </SessionProvider>
    </ToastProvider>
  </TimeProvider>,
);
