import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '../../packages/support/pack.ts';
import { createProject, type Project } from '../../packages/support/project.ts';
import type { Bench } from './cell.ts';

/** Packs the packages; makes each project when it is first asked for, in a temporary folder. */
export async function makeBench(): Promise<Bench & { close(): void }> {
  const dir = mkdtempSync(join(tmpdir(), 'datashop-compatibility-'));
  const tarballs = await pack(dir);
  const projects = new Map<string, Promise<Project>>();
  return {
    tarballs,
    project(name, dependencies) {
      let project = projects.get(name);
      if (!project) {
        project = createProject(join(dir, name), 'module', dependencies);
        projects.set(name, project);
      }
      return project;
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}
