// Installs packages of Debian or Ubuntu where that is allowed: as root, with apt-get.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { findExecutable } from './needs.mjs';

const policyFile = '/usr/sbin/policy-rc.d';

/** True if this process may install packages. */
export function mayInstall() {
  return process.platform === 'linux' && process.getuid?.() === 0 && findExecutable('apt-get') !== undefined;
}

/**
 * Installs packages and starts no service. Returns undefined, or why apt-get failed.
 * @param {readonly string[]} packages
 */
export function install(packages) {
  return withoutServices(() => aptGet('update') ?? aptGet('install', '-y', '--no-install-recommends', ...packages));
}

/**
 * Installs what the archive has of several things, and starts no service: Debian and Ubuntu lack different packages,
 * and apt-get installs nothing at all if one of its arguments is unknown.
 * @param {Readonly<Record<string, readonly string[]>>} packagesOf what is wanted → its packages
 * @returns {Map<string, string>} what could not be installed → why
 */
export function installEach(packagesOf) {
  return withoutServices(() => {
    const problems = new Map();
    // What apt-get knew before may do, for instance without a network or with one broken source of many.
    const outdated = aptGet('update');
    const command = ['install', '-y', '--no-install-recommends', '--no-upgrade'];
    for (const [name, packages] of Object.entries(packagesOf)) {
      const problem = aptGet(...command, '--simulate', ...packages);
      if (problem) problems.set(name, outdated ? `${problem}; apt-get update failed: ${outdated}` : problem);
    }
    const known = Object.keys(packagesOf).filter((name) => !problems.has(name));
    const problem = known.length > 0 && aptGet(...command, ...known.flatMap((name) => packagesOf[name]));
    if (problem) for (const name of known) problems.set(name, problem);
    return problems;
  });
}

/** Debian starts a service as it installs it, unless this file forbids it. @template T @param {() => T} run */
function withoutServices(run) {
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n');
    chmodSync(policyFile, 0o755);
  }
  try {
    return run();
  } finally {
    if (ownPolicy) rmSync(policyFile, { force: true });
  }
}

/** Returns undefined, or what apt-get printed as errors. @param {string[]} args */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const { status, stdout, stderr, error } = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const lines = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n');
  const errors = lines.flatMap((line) => (line.startsWith('E: ') ? [line.slice('E: '.length)] : []));
  return error?.message ?? (errors.length > 0 ? errors : lines.slice(-3)).join('; ');
}
