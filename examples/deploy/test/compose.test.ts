import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { expect } from 'chai';
import { DCLinter } from 'dclint';
import { findExecutable } from '../../../scripts/needs.mjs';
import { inRepository, runTool } from '../../../test/operations/support/promtool.ts';
import { needs } from '../../../test/support/needs.ts';
import { bffVariables, closingMs, deployed, logServiceVariables, yaml } from './support/files.ts';

interface Service {
  image: string;
  build?: { context: string; dockerfile: string; target: string };
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  networks?: { default: { ipv4_address: string } };
  healthcheck?: unknown;
  read_only?: boolean;
  stop_grace_period?: string;
}
const folder = deployed('compose/');
const [compose] = yaml<{ services: Record<string, Service>; volumes: Record<string, unknown> }>('compose/compose.yaml');
const services = Object.entries(compose!.services);
const bffs = services.filter(([name]) => name.startsWith('bff-'));

describe('the compose file', () => {
  it('the compose file obeys the schema of compose files', () => {
    const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] });
    const results = linter.lintFiles([`${folder}compose.yaml`], false);
    const invalid = results.flatMap(({ messages }: { messages: { rule: string }[] }) =>
      messages.filter(({ rule }) => /^invalid-|duplicate/.test(rule)),
    );
    expect(results).to.have.length(1);
    expect(invalid).to.deep.equal([]);
  });

  it('the compose file mounts files that exist and volumes that it declares', () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] as string));
    const missing = sources.filter((source) =>
      source.startsWith('.') ? !existsSync(resolve(folder, source)) : !(source in compose!.volumes),
    );
    expect(sources.length).to.be.greaterThan(8);
    expect(missing).to.deep.equal([]);
  });

  it('the compose file builds targets of the Dockerfile', () => {
    const dockerfile = readFileSync(deployed('docker/Dockerfile'), 'utf8');
    for (const [name, { build }] of services.filter(([, service]) => service.build)) {
      expect(resolve(folder, build!.context, build!.dockerfile), name).to.equal(deployed('docker/Dockerfile'));
      expect(dockerfile, name).to.match(new RegExp(`^FROM \\S+ AS ${build!.target}$`, 'm'));
    }
  });

  it('the compose file sets variables that the programs read, and each that they require', () => {
    const log = Object.keys(compose!.services['log-service']?.environment ?? {});
    expect(log.filter((name) => !logServiceVariables().has(name))).to.deep.equal([]);
    for (const [name, { environment = {} }] of bffs) {
      expect(
        Object.keys(environment).filter((variable) => !bffVariables().has(variable)),
        name,
      ).to.deep.equal([]);
      expect(environment, name).to.include.keys(
        'UPSTREAM',
        'TOKEN',
        'SESSION_STORE',
        'SESSION_SECRET',
        'ALLOWED_HOSTS',
      );
      expect(environment.INSTANCE).to.equal(name);
    }
  });

  it('the compose file takes its secrets from variables that example.env names', () => {
    const used = new Set(
      [...readFileSync(`${folder}compose.yaml`, 'utf8').matchAll(/\$\{(\w+)/g)].map(([, name]) => name),
    );
    const named = [...readFileSync(`${folder}example.env`, 'utf8').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect([...used].sort()).to.deep.equal(named.sort());
  });

  it('the compose file lets each program drain before it is killed', () => {
    for (const [name, { stop_grace_period, environment }] of bffs) {
      const drainMs = Number(environment?.DRAIN_GRACE_MS) + closingMs.bff;
      expect(Number.parseInt(stop_grace_period ?? '', 10) * 1_000, name).to.be.greaterThan(drainMs);
    }
    const grace = compose!.services['log-service']?.stop_grace_period ?? '';
    expect(Number.parseInt(grace, 10) * 1_000).to.be.greaterThan(closingMs.logService);
  });

  it('the compose file waits for the health of what has a health check, and depends on services that exist', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const service = compose!.services[other];
        expect(service, `${name} → ${other}`).not.to.equal(undefined);
        // Our own images have a HEALTHCHECK.
        if (condition === 'service_healthy')
          expect(service?.healthcheck ?? service?.build, other).not.to.equal(undefined);
      }
    }
  });

  it('the compose file gives Prometheus the port of the metrics of each BFF and of the log service', () => {
    const [prometheus] = yaml<{ scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[] }>(
      'compose/prometheus.yml',
    );
    const [, logService = '', bff = ''] = readFileSync(deployed('docker/Dockerfile'), 'utf8').split(
      /FROM runtime AS .*\n/,
    );
    const portOf = (stage: string) => /METRICS_PORT=(\d+)/.exec(stage)?.[1];
    const targetsOf = (job: string) =>
      prometheus!.scrape_configs.find(({ job_name }) => job_name === job)?.static_configs[0]?.targets;
    expect(targetsOf('sse')).to.deep.equal(bffs.map(([name]) => `${name}:${portOf(bff)}`));
    expect(targetsOf('log-service')).to.deep.equal([`log-service:${portOf(logService)}`]);
  });

  it('the compose file publishes the pages on loopback only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).to.deep.equal([]);
  });

  describe('nginx', () => {
    needs('nginx');

    it('nginx accepts its configuration, which names the address and port of each BFF', () => {
      const temporary = mkdtempSync(join(tmpdir(), 'datashop-compose-'));
      try {
        cpSync(deployed('nginx/locations.conf'), join(temporary, 'locations.conf'));
        const site = readFileSync(`${folder}nginx.conf`, 'utf8').replace('/etc/nginx/locations.conf', 'locations.conf');
        const port = /\bPORT=(\d+)/.exec(
          readFileSync(deployed('docker/Dockerfile'), 'utf8').split('AS bff\n')[1] ?? '',
        )?.[1];
        const addresses = bffs.map(([, { networks }]) => `${networks?.default.ipv4_address}:${port}`);
        expect([...site.matchAll(/server (\S+) max_fails/g)].map(([, address]) => address)).to.deep.equal(addresses);
        expect(compose!.services.nginx?.ports?.[0]).to.match(new RegExp(`:${/listen (\d+)/.exec(site)?.[1]}$`));
        writeFileSync(join(temporary, 'nginx.conf'), `pid nginx.pid;\nevents {}\nhttp {\n${site}}\n`);
        const args = ['-t', '-q', '-p', temporary, '-c', 'nginx.conf', '-e', 'stderr'];
        expect(spawnSync(findExecutable('nginx') ?? '', args, { encoding: 'utf8' }).stderr).to.equal('');
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
    });
  });

  describe('Prometheus', () => {
    needs('prometheus');

    it('Prometheus accepts its configuration, with the alert rules beside it', async () => {
      const temporary = mkdtempSync(join(tmpdir(), 'datashop-compose-'));
      try {
        for (const file of ['examples/deploy/compose/prometheus.yml', 'examples/deploy/prometheus/alerts.yml']) {
          cpSync(inRepository(file), join(temporary, basename(file)));
        }
        await runTool('promtool', ['check', 'config', join(temporary, 'prometheus.yml')]);
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
    });
  });
});
