// What some tests need besides npm packages: how to detect it, and which command installs it.
// Plain JavaScript without dependencies, because scripts/setup.mjs runs it on Node 20 before anything is installed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Need
 * @property {string} purpose What the tests do with it, as a phrase.
 * @property {readonly string[]} debian Packages of Debian and Ubuntu that bring it.
 * @property {string} [macos] Command that installs it on macOS; left out if it does not exist there.
 * @property {() => boolean} found True if it is there.
 */

/** Chromium of the npm package @sparticuz/chromium needs no other package, but exists for Linux on x64 only. */
const hasPackedChromium = process.platform === 'linux' && process.arch === 'x64';

/** Where an installed Chromium or Chrome is looked for. `CHROME_PATH` comes first. */
export const chromiumPaths = [
  process.env.CHROME_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The Python that has FastAPI, uvicorn, Flask and gunicorn: the first in PATH, or Debian's own, which apt installs for.
 */
export function pythonWithServers() {
  const imports = 'import fastapi, uvicorn, flask, gunicorn';
  return ['python3', '/usr/bin/python3'].find((command) => succeeds(command, '-c', imports));
}

/** The Python that has PyMongo. */
export function pythonWithPymongo() {
  return ['python3', '/usr/bin/python3'].find((command) => succeeds(command, '-c', 'import pymongo'));
}

/** @satisfies {Record<string, Need>} */
const table = {
  nginx: {
    purpose: 'put a real nginx in front of the proxy',
    debian: ['nginx'],
    macos: 'brew install nginx',
    found: () => findExecutable('nginx') !== undefined,
  },
  haproxy: {
    purpose: 'put a real HAProxy in front of the proxy',
    debian: ['haproxy'],
    macos: 'brew install haproxy',
    found: () => findExecutable('haproxy') !== undefined,
  },
  caddy: {
    purpose: 'put a real Caddy in front of the proxy',
    debian: ['caddy'],
    macos: 'brew install caddy',
    found: () => findExecutable('caddy') !== undefined,
  },
  redis: {
    purpose: 'share limits and feeds between instances over a real Redis',
    debian: ['redis-server'],
    macos: 'brew install redis',
    found: () => findExecutable('redis-server') !== undefined,
  },
  sentinel: {
    purpose: 'fail over from one Redis to another with a real Sentinel',
    debian: ['redis-server', 'redis-sentinel'],
    macos: 'brew install redis',
    found: () => ['redis-server', 'redis-sentinel'].every((name) => findExecutable(name) !== undefined),
  },
  prometheus: {
    purpose: 'evaluate metrics, alert rules and dashboard queries with a real Prometheus, promtool and amtool',
    debian: ['prometheus', 'prometheus-alertmanager'],
    macos: 'brew install prometheus alertmanager',
    found: () => ['prometheus', 'promtool', 'amtool'].every((name) => findExecutable(name) !== undefined),
  },
  python: {
    purpose: 'proxy event streams of FastAPI (uvicorn) and Flask (gunicorn)',
    debian: ['python3-fastapi', 'python3-uvicorn', 'python3-flask', 'gunicorn'],
    macos: 'python3 -m pip install fastapi uvicorn flask gunicorn',
    found: () => pythonWithServers() !== undefined,
  },
  pymongo: {
    purpose: 'write logs into MongoDB by a Python program',
    debian: ['python3-pymongo'],
    macos: 'python3 -m pip install pymongo',
    found: () => pythonWithPymongo() !== undefined,
  },
  systemd: {
    purpose: 'let systemd-analyze check the units',
    debian: ['systemd'],
    found: () => findExecutable('systemd-analyze') !== undefined,
  },
  firefox: {
    purpose: 'open pages in a real Firefox',
    debian: ['firefox-esr'],
    macos: 'brew install --cask firefox',
    found: () => ['firefox-esr', 'firefox'].some((name) => findExecutable(name) !== undefined),
  },
  webkit: {
    purpose: 'open pages in a real WebKit',
    debian: ['webkit2gtk-driver', 'xvfb'],
    found: () => ['WebKitWebDriver', 'Xvfb'].every((name) => findExecutable(name) !== undefined),
  },
  chromium: {
    purpose: 'open pages in a real Chromium',
    debian: ['chromium'],
    macos: 'brew install --cask google-chrome',
    found: () => hasPackedChromium || chromiumPaths.some((path) => existsSync(path)),
  },
};

/** @typedef {keyof typeof table} NeedName */

/** @type {Readonly<Record<NeedName, Need>>} */
export const needs = table;

/** @type {Map<NeedName, boolean>} */
const results = new Map();

/** True if what `name` stands for is on this machine. Looks once per process. @param {NeedName} name */
export function isThere(name) {
  const known = results.get(name);
  if (known !== undefined) return known;
  const found = needs[name].found();
  results.set(name, found);
  return found;
}

/**
 * The command that a person runs to get it, or undefined if it does not exist for the platform.
 * @param {NeedName} name
 * @param {NodeJS.Platform} [platform]
 */
export function installCommand(name, platform = process.platform) {
  if (platform === 'darwin') return needs[name].macos;
  const command = `apt-get install -y ${needs[name].debian.join(' ')}`;
  if (!findExecutable('apt-get')) return `${command} (Debian, Ubuntu; elsewhere, the same from the system's packages)`;
  return process.getuid?.() === 0 ? command : `sudo ${command}`;
}

/**
 * Path of an executable, or undefined. Looks where Debian puts servers, too: a user's PATH lacks those folders.
 * @param {string} name
 */
export function findExecutable(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} command @param {string[]} args */
function succeeds(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
