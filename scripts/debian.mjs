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
 * Installs packages and starts no service. Returns undefined, or the end of apt-get's output if it failed.
 * @param {readonly string[]} packages
 */
export function install(packages) {
  // Debian starts a service as it installs it, unless this file forbids it.
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n');
    chmodSync(policyFile, 0o755);
  }
  try {
    return aptGet('update', '-qq') ?? aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages);
  } finally {
    if (ownPolicy) rmSync(policyFile, { force: true });
  }
}

/** @param {string[]} args */
function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    env,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-3).join('\n');
}
