export { StreamBadge } from './badge.tsx';
export { LogStreamProvider } from './provider.tsx';
export { wipeStream } from './session.ts';
export { StreamMode } from './stream-mode.tsx';
