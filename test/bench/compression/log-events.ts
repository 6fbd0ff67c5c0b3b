// Level, stage, message, and a description after the bar. The wording is the demo pipeline's, and more of its kind.
const templates = `
INFO EXTRACT Run of {job} started: reading {job}.json
INFO EXTRACT Read {n} rows, {n} KiB | {job}.json
DEBUG EXTRACT Opened part {n} of {n} | {job}/part-{hex}.json
DEBUG EXTRACT Fetched page {n} in {n} ms | etag {hex}
WARN EXTRACT The source answered 429, waiting {n} ms | trace {hex}{hex}
WARN EXTRACT Encoding of {job}.json looks wrong at byte {n} | bytes {hex}
ERROR EXTRACT Reading {job}/part-{hex}.json broke off after {n} KiB
INFO VALIDATE Rows {n}–{n}: {n} accepted, {n} rejected
INFO VALIDATE Rows {n}–{n}: {n} accepted, none rejected
ERROR VALIDATE Rows {n}–{n}: {n}% rejected, at most 5% allowed | {n} × {rule}, {n} × {rule}
WARN VALIDATE Row {n} rejected: {rule} is missing | {name} near {name}
WARN VALIDATE Row {n} rejected: {rule} is "{hex}" | {name}
WARN VALIDATE Row {n} rejected: {rule} is {n}, at most {n} expected | {name}
WARN VALIDATE Row {n} rejected: it repeats row {n} | {name} in {name}
WARN VALIDATE {n} more rows of this batch rejected | rows {n} · {n} · {n} · {n}
DEBUG VALIDATE Rule {rule} was checked {n} times in {n} ms
INFO AGGREGATE Aggregated {n} rows into {n} groups
DEBUG AGGREGATE {name}: {n} rows, {rule} {n} on average | from {n} to {n}
DEBUG AGGREGATE {name} and {name} merged: {n} rows | {rule} {n} and {n}
ERROR AGGREGATE Column {rule} is filled in {n}% of the rows, 75% wanted
WARN AGGREGATE Group {name} has only {n} rows, {n} wanted
DEBUG AGGREGATE Spilled {n} KiB to disk, {n} KiB in use | spill-{hex}
INFO REPORT Wrote the report, {n} bytes | {job}.json
DEBUG REPORT Uploaded {n} KiB | sha256 {hex}{hex}
WARN REPORT Upload was tried again after {n} ms | request {hex}
INFO REPORT Run of {job} finished: {n} of {n} rows used
ERROR REPORT Run of {job} broke off: connection {hex} was reset after {n} ms
DEBUG REPORT Kept {n} earlier reports, removed {n} | newest {hex}
INFO REPORT Lock {hex} released after {n} ms
INFO LOAD Loaded {n} rows in {n} batches | transaction {hex}
`
  .trim()
  .split('\n')
  .map((line) => /^(\w+) (\w+) (.+?)(?: \| (.+))?$/.exec(line) ?? []);

const jobs = ['movies', 'penguins', 'earthquakes'];
const rules = ['magnitude', 'gap', 'depth', 'residual', 'Body Mass (g)', 'Release Date', 'Director', 'Worldwide Gross'];
const names = ['Adelie', 'Gentoo', 'Chinstrap', 'Biscoe', 'Dream', 'Alaska', 'Nevada', 'Tonga', 'Drama', 'Western'];

/** The same events for the same seed, which is not 0. */
export function logEvents(count: number, seed = 1): Buffer[] {
  let state = seed;
  // Marsaglia's xorshift with 32 bits, which is good enough for test data.
  const below = (bound: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * bound);
  };
  const one = <T>(values: readonly T[]) => values[below(values.length)] as T;
  const hex = (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join('');
  let timestamp = Date.UTC(2026, 0, 1);
  const newRun = (job: string) => {
    const pipelineID = [8, 4, 4, 4, 12].map(hex).join('-');
    return { job, ids: { pipelineID, execID: String(timestamp) } };
  };
  const runs = jobs.map(newRun);
  const epoch = hex(8);
  return Array.from({ length: count }, (_, index) => {
    timestamp += below(200);
    const at = below(runs.length);
    // The ids of a run repeat, so that compression pays, and change now and then, as real ids do.
    if (below(50) === 0) runs[at] = newRun(one(jobs));
    const { job, ids } = runs[at] as ReturnType<typeof newRun>;
    const fillings: Record<string, () => string> = {
      n: () => below(10 ** (1 + below(5))).toLocaleString('en'),
      hex: () => hex(8),
      job: () => job,
      rule: () => one(rules),
      name: () => one(names),
    };
    const fill = (text = '') => text.replace(/\{(\w+)\}/g, (_, kind) => fillings[kind]?.() ?? '');
    const [, logLevel, stageName, message, description] = one(templates);
    const log = {
      logLevel,
      message: fill(message),
      stageName,
      duration: below(2) ? `${below(900)}ms` : '',
      description: fill(description),
      isoTime: new Date(timestamp).toISOString(),
      meta: { ...ids, workflowID: 'l5-etl' },
    };
    return Buffer.from(`id: ${epoch}-${index + 1}\ndata: ${JSON.stringify(log)}\n\n`);
  });
}
