import { expect } from 'chai';
import type { AuthorizedUser } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('what authorize returns about a stream', () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('fields reach every observer and streams(), frozen, cut to 200 characters, without undefined ones', async () => {
    const fields = { workspace: 'ws', workflow: 'w'.repeat(201), execution: undefined };
    const { app: proxied, browser } = await opened({ authorize: () => ({ key: 'ann', fields }) });
    const seen = { workspace: 'ws', workflow: `${'w'.repeat(199)}…` };
    expect(proxied.proxy.streams()[0]?.fields).to.deep.equal(seen);
    browser.leave();
    await until(() => proxied.witness.closes.length === 1);
    const { opens, closes } = proxied.witness;
    for (const { stream } of [...opens, ...closes]) {
      expect(stream).to.deep.include({ key: 'ann', fields: seen });
      expect(Object.isFrozen(stream.fields)).to.equal(true);
    }
  });

  it('fields are those of the first call, also if authorize is called again with others', async () => {
    let calls = 0;
    const authorize = () => ({ key: 'ann', fields: { call: String(++calls) } });
    const { app: proxied } = await opened({ authorize, reauthorizeMs: 20 });
    await until(() => calls >= 3);
    expect(proxied.proxy.streams()[0]?.fields).to.deep.equal({ call: '1' });
  });

  it('allowed: false refuses with 403, and observers get to know who was refused what', async () => {
    const up = await upstream();
    const user: AuthorizedUser = { key: 'ann', fields: { workflow: 'wf' }, allowed: false };
    const proxied = await app({ target: up.url, authorize: async () => user });
    const browser = visit(proxied.port);
    await until(() => browser.complete());
    expect(browser.status()).to.equal(403);
    expect(browser.body()).to.not.match(/"(ann|wf)"/);
    const [refusal] = proxied.witness.refusals;
    expect(refusal?.error.code).to.equal('ERR_SSE_FORBIDDEN');
    expect(refusal?.stream).to.deep.include({ key: 'ann', fields: { workflow: 'wf' } });
    expect(up.requests).to.have.length(0);
  });

  it('allowed: true opens the stream', async () => {
    const { browser } = await opened({ authorize: () => ({ key: 'ann', allowed: true }) });
    expect(browser.status()).to.equal(200);
  });
});
