// A minimal Debian or Ubuntu in a folder, and the command that runs something in it.
import { join } from 'node:path';
import { bootstrap, copyNetworkSettings, copyNode, run } from './root-folder.mjs';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const userId = 1000;

/**
 * Makes the machine: this machine's release of Debian, its package sources, Node, npm, registry and certificates; a
 * user; and a clone of a repository in that user's home.
 *
 * @param {string} folder where its root file system goes; must not exist
 * @param {{ user: string, packages: string[], clone: string }} options
 */
export function makeMachine(folder, { user, packages, clone }) {
  bootstrap(folder, packages);
  copyNode(folder);
  const env = {
    PATH: path,
    HOME: user === 'root' ? '/root' : `/home/${user}`,
    USER: user,
    ...copyNetworkSettings(folder),
  };
  if (user !== 'root') run('chroot', folder, 'useradd', '--create-home', '--uid', String(userId), user);
  const work = join(env.HOME, 'project');
  run('git', 'clone', '--quiet', clone, join(folder, work));
  if (user !== 'root') run('chroot', folder, 'chown', '-R', `${user}:${user}`, work);
  return { command: (command) => commandIn(folder, user, work, env, command) };
}

/** Processes get a view of their own: mounts and children vanish with the command. */
function commandIn(folder, user, work, env, command) {
  const mounts = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev"';
  const as = user === 'root' ? '' : `--userspec=${userId}:${userId}`;
  const enter = `exec chroot ${as} "$0" env -i "$@"`;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const inside = [...variables, 'sh', '-c', `cd ${work} && exec "$0" "$@"`, ...command];
  return [
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    `${mounts} && ${enter}`,
    folder,
    ...inside,
  ];
}
