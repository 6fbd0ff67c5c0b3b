import { readFileSync } from 'node:fs';
import os from 'node:os';
import { type Server, servers } from './catalogue.ts';
import { findNginx, findProgram, findPython, pythonVersion, says } from './installed.ts';

/** The machine that the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly descriptors: number;
}

export function thisMachine(descriptors: number): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    descriptors,
  };
}

/** Versions of the compared servers. */
export function versions(measured: readonly Server[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, package: packageName, pythonModules = [], needsRedis, role } of measured) {
    if (packageName) found[packageName] = packageVersion(packageName);
    if (name === 'ours' || role) {
      found['@datashop/sse-proxy'] = packageVersion('@datashop/sse-proxy');
      found.undici = packageVersion('undici');
    }
    if (name === 'log-stream') found['@datashop/log-stream'] = packageVersion('@datashop/log-stream');
    if (needsRedis) found.Redis = /v=(\S+)/.exec(says(findProgram('redis-server') ?? '', '--version'))?.[1] ?? '';
    const python = pythonModules.length > 0 ? findPython(pythonModules) : undefined;
    if (python) {
      found.Python = says(python, '--version').replace('Python', '').trim();
      for (const module of pythonModules) found[module] = pythonVersion(python, module);
      // uvicorn uses both if they are installed.
      for (const module of pythonModules.includes('uvicorn') ? ['uvloop', 'httptools'] : []) {
        found[module] = findPython([module]) === python ? pythonVersion(python, module) : 'not installed';
      }
    }
    if (name === 'nginx')
      found.nginx = says(findNginx()?.path ?? '', '-v')
        .trim()
        .replace(/.*nginx\//, '');
    if (name === 'haproxy') found.haproxy = /version (\S+)/.exec(says(findProgram('haproxy') ?? '', '-v'))?.[1] ?? '';
  }
  return found;
}

function packageVersion(name: string): string {
  const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

/** Servers that can't be measured on this machine → the reason. */
export function missingServers(names: readonly string[]): Map<string, string> {
  const missing = new Map<string, string>();
  for (const name of names) {
    const why = servers.get(name)?.missing?.();
    if (why) missing.set(name, why);
  }
  return missing;
}
