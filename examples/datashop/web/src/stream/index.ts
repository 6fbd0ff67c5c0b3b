export { StreamBadge } from './bar/stream-badge.tsx';
export { LogStreamProvider } from './state/provider.tsx';
export { watchOwner, wipeStream } from './state/stored-lines.ts';
export { StreamMode } from './stream-mode.tsx';
