export { LogStreamProvider, StreamBadge, StreamMode, wipeStream } from './placeholder.tsx';
