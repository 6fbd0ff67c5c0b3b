import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a server needs besides the sockets of its browsers. */
const ownDescriptors = 200;

/** File descriptors that a process may open: Node lifts its soft limit to the hard one as it starts. */
export function maxDescriptors(): number {
  if (process.platform === 'win32') return Number.POSITIVE_INFINITY;
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  const limit = Number(stdout);
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}

/** How many browsers one server process can have here, out of those wanted. */
export function affordable(wanted: number, shared: boolean, descriptors: number): number {
  return Math.min(wanted, Math.floor((descriptors - ownDescriptors) / (shared ? 1 : 2)));
}

/** Ports that one address can connect from. */
function ephemeralPorts(): number {
  try {
    const [low = 0, high = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
    return high - low;
  } catch {
    return 16_000;
  }
}

/** The loopback address for the `index`th process of browsers, if the usual one has not enough ports for all of them. */
export function sourceAddress(index: number, browsers: number, ports: number = ephemeralPorts()): string | undefined {
  return browsers < ports * 0.7 ? undefined : `127.0.0.${index + 2}`;
}
