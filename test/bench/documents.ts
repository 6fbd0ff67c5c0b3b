import type { Report } from './results.ts';
export function writeDocuments(_report: Report): void {}
