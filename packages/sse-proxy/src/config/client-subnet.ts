import { isIP } from 'node:net';

/**
 * The network that a client's address belongs to, as a key for {@link LimitRule.key}: an IPv4 address itself, the /64
 * of an IPv6 address, since one household or host usually gets a whole /64. IPv4-mapped addresses count as IPv4; a port
 * and a zone are ignored. Returns the same key, `'unknown'`, for everything that is not an address, so that a forged
 * address can't evade the rule.
 *
 * @example
 * ```ts
 * limits: { rules: [{ name: 'address', key: (req) => clientSubnet(req.ip), opensPerMinute: 60 }] }
 * ```
 */
export function clientSubnet(address: string | undefined): string {
  const host = withoutPort(String(address));
  if (isIP(host) === 4) return host;
  if (isIP(host) !== 6) return 'unknown';
  const groups = expand(host.replace(/%.*$/s, ''));
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return [groups[6], groups[7]].flatMap((group = 0) => [group >> 8, group & 0xff]).join('.');
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** Some gateways write `1.2.3.4:5678` or `[2001:db8::1]:5678` into X-Forwarded-For. */
function withoutPort(address: string): string {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(address) ?? [];
  return bracketed ?? dotted ?? address;
}

/** The eight groups of a valid IPv6 address. */
function expand(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const first = groupsOf(head);
  if (tail === undefined) return first;
  const last = groupsOf(tail);
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
