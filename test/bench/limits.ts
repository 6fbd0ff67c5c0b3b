import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** File descriptors that a server needs besides those of its browsers. */
const ownDescriptors = 200;

/** File descriptors that a process may open: the hard limit, to which Node raises its soft limit at start. */
export function maxDescriptors(): number {
  if (process.platform === 'win32') return Number.POSITIVE_INFINITY;
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  const limit = Number(stdout);
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}

/** Number of browsers, at most `wanted`, that one server process can have on this machine. */
export function affordable(wanted: number, shared: boolean, descriptors: number): number {
  return Math.min(wanted, Math.floor((descriptors - ownDescriptors) / (shared ? 1 : 2)));
}

/** Number of ports that one address can connect from. */
function ephemeralPorts(): number {
  try {
    const [low = 0, high = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
    return high - low;
  } catch {
    return 16_000;
  }
}

/** Loopback address of the `index`th process of browsers, if one address has too few ports for all of them. */
export function sourceAddress(index: number, browsers: number, ports: number = ephemeralPorts()): string | undefined {
  return browsers < ports * 0.7 ? undefined : `127.0.0.${index + 2}`;
}
