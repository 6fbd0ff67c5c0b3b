import { join } from 'node:path';
import { configureNginx } from './fleet/nginx.ts';
import { freePort, listenOnce } from './fleet/ports.ts';
import { findPrograms } from './fleet/programs.ts';
import { startServices } from './fleet/services.ts';
import { launch } from './launch.ts';
import { portProblem, readPort } from './port.ts';

// Three BFFs behind nginx, which share limits and feeds in Redis. Kill any part: it is started again.
launch(async ({ supervisor, data, log, token }) => {
  const programs = findPrograms();
  const wantedPort = readPort('PORT', 3000);
  await checkPort(wantedPort);
  const port = wantedPort || (await freePort());

  const bffPorts = await startServices({ supervisor, data, log, token, redisServer: programs['redis-server'] });
  const nginx = [programs.nginx, ...(await configureNginx(join(data, 'nginx'), port, bffPorts))] as const;
  await supervisor.start({ name: 'nginx', command: nginx, port, env: {}, restart: true });
  await supervisor.start({ name: 'pipeline', script: 'pipeline/main.ts', env: log, restart: true });

  const url = `http://localhost:${port}/`;
  const pids = supervisor.pids();
  console.log(`Datashop logs: ${url}`);
  console.error(
    `Kill parts of it: ${Object.entries(pids)
      .map(([name, pid]) => `${name} ${pid}`)
      .join(', ')}`,
  );
  // For a parent with an IPC channel, such as a test.
  process.send?.({ url, bffs: bffPorts, pids });
});

/** Listens on the port for a moment. @throws Error that says how to choose another one */
async function checkPort(port: number): Promise<void> {
  await listenOnce(port).catch((error: NodeJS.ErrnoException) => {
    throw new Error(portProblem(port, error.code, 'npm run start:fleet') ?? error.message);
  });
}
