export { StreamBadge } from './bar/stream-badge.tsx';
export { wipeStream } from './state/open-stream.ts';
export { LogStreamProvider } from './state/provider.tsx';
export { StreamMode } from './stream-mode.tsx';
