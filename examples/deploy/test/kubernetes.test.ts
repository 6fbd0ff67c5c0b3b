import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import * as apps from 'kubernetes-models/apps/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { bffVariables, closingMs, deployed, logServiceVariables, yaml } from './support/files.ts';
import { typeErrors } from './support/type-check.ts';

const modules: Record<string, Record<string, unknown>> = {
  'apps/v1': apps,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
  v1: core,
};

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}
const files = ['config.yaml', 'bff.yaml', 'log-service.yaml'];
const manifests = files.flatMap((file) => yaml<Manifest>(`kubernetes/${file}`));
const typed = (values: readonly Manifest[]) =>
  values.map((value) => ({ value, type: `I${value.kind}`, module: `kubernetes-models/${value.apiVersion}` }));
const find = (kind: string, name: string) => manifests.find((it) => it.kind === kind && it.metadata.name === name);
const dockerfile = readFileSync(deployed('docker/Dockerfile'), 'utf8');

describe('the Kubernetes manifests', () => {
  it('the manifests have the types of the Kubernetes API, without an unknown field', () => {
    expect(manifests).to.have.length(13);
    expect(typeErrors(typed(manifests))).to.deep.equal([]);
  });

  it('a manifest with a misspelled field would be refused', () => {
    const text = JSON.stringify(find('Deployment', 'datashop-bff')).replace('readinessProbe', 'readynessProbe');
    expect(typeErrors(typed([JSON.parse(text)]))[0]).to.include('readynessProbe');
  });

  for (const manifest of manifests) {
    it(`${manifest.kind} ${manifest.metadata.name} has values that the API accepts`, () => {
      const Model = modules[manifest.apiVersion]?.[manifest.kind] as new (data: unknown) => { validate(): void };
      new Model(manifest).validate();
    });
  }

  const deployments = [
    { name: 'datashop-bff', target: 'bff', variables: bffVariables, closing: closingMs.bff, replicas: 3 },
    {
      name: 'log-service',
      target: 'log-service',
      variables: logServiceVariables,
      closing: closingMs.logService,
      replicas: 2,
    },
  ];
  for (const { name, target, variables, closing, replicas } of deployments) {
    describe(`of ${name}`, () => {
      const deployment = find('Deployment', name) as unknown as IDeployment;
      const pod = deployment.spec!.template.spec!;
      const container = pod.containers[0]!;
      const settings = [find('ConfigMap', name)?.data, find('Secret', name)?.stringData];

      it(`the pods of ${name} run as a user, with nothing that a process could write or gain`, () => {
        expect(pod.securityContext).to.include({ runAsNonRoot: true, runAsUser: 1000 });
        expect(container.securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(pod.automountServiceAccountToken).to.equal(false);
      });

      it(`the pods of ${name} set variables that the program reads, once each`, () => {
        const names = settings
          .flatMap((values) => Object.keys(values ?? {}))
          .concat(container.env?.map((it) => it.name) ?? []);
        expect(names.filter((variable) => !variables().has(variable))).to.deep.equal([]);
        expect(names).to.have.length(new Set(names).size);
        expect(container.envFrom?.map((from) => (from.configMapRef ?? from.secretRef)?.name)).to.deep.equal([
          name,
          name,
        ]);
      });

      it(`the probes of ${name} go to an open port of the image`, () => {
        const [, stage = ''] = dockerfile.split(`FROM runtime AS ${target}\n`);
        const port = /\bPORT=(\d+)/.exec(stage)?.[1];
        expect(container.ports?.find(({ name: port }) => port === 'http')?.containerPort).to.equal(Number(port));
        for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
          expect((probe?.httpGet ?? probe?.tcpSocket)?.port).to.equal('http');
        }
        expect(container.startupProbe!.periodSeconds! * container.startupProbe!.failureThreshold!).to.be.at.least(60);
      });

      it(`the pods of ${name} have longer to end than their preStop hook, their drain and their last responses take`, () => {
        const drainMs = Number(settings[0]?.DRAIN_GRACE_MS ?? 0);
        const preStop = container.lifecycle?.preStop?.exec?.command as string[];
        expect(preStop[0]).to.equal('sleep');
        const needed = Number(preStop[1]) * 1_000 + drainMs + closing;
        expect(pod.terminationGracePeriodSeconds! * 1_000).to.be.greaterThan(needed + 5_000);
      });

      it(`most replicas of ${name} keep running through a drained node and a roll-out`, () => {
        expect(deployment.spec?.replicas).to.equal(replicas);
        expect(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable).to.equal(0);
        const labels = deployment.spec!.template.metadata!.labels;
        const matchLabels = { matchLabels: labels };
        expect(find('PodDisruptionBudget', name))
          .to.have.nested.property('spec.selector')
          .that.deep.equals(matchLabels);
        expect(find('Service', name)).to.have.nested.property('spec.selector').that.deep.equals(labels);
        for (const spread of pod.topologySpreadConstraints ?? [])
          expect(spread.labelSelector).to.deep.equal(matchLabels);
      });
    });
  }

  it('the manifests call the log service by the name, port and token that it has', () => {
    const port = (find('Service', 'log-service') as unknown as { spec: { ports: { port: number }[] } }).spec.ports[0]
      ?.port;
    expect(find('ConfigMap', 'datashop-bff')?.data?.UPSTREAM).to.equal(`http://log-service:${port}`);
    expect(find('Secret', 'datashop-bff')?.stringData?.TOKEN).to.equal(
      find('Secret', 'log-service')?.stringData?.SSE_TOKEN,
    );
  });
});
