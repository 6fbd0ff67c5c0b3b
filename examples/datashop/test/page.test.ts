import { expect } from 'chai';
import { type Front, front } from './support/front.ts';

describe('the page as the BFF serves it', () => {
  let bff: Front;
  let html: string;

  before(async () => {
    bff = await front('http://127.0.0.1:9', 'token-of-the-service');
    html = await (await bff.get('/')).text();
  });
  after(() => bff?.close());

  it('sends the page with Cache-Control: private, no-cache, because a visit may set a cookie', async () => {
    for (const path of ['/', '/index.html']) {
      expect((await bff.get(path)).headers.get('cache-control'), path).to.equal('private, no-cache');
    }
  });

  it('the page refers only to own files whose hashed names are cached for good', async () => {
    const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    expect(paths.map((path) => path.split('.').pop()).sort()).to.deep.equal(['css', 'js', 'svg']);
    for (const path of paths) {
      expect(path).to.match(/^\/assets\/[\w-]+-[\w-]{8}\.\w+$/);
      const answer = await bff.get(path);
      expect(answer.status, path).to.equal(200);
      expect(answer.headers.get('cache-control'), path).to.equal('public, max-age=31536000, immutable');
      await answer.body?.cancel();
    }
  });

  it('sends a script compressed to clients that accept brotli, and plain to others', async () => {
    const script = /src="([^"]+\.js)"/.exec(html)![1]!;
    const [small, plain] = await Promise.all(
      ['br', 'identity'].map((encoding) => bff.get(script, { 'accept-encoding': encoding })),
    );
    expect(small!.headers.get('content-encoding')).to.equal('br');
    expect(plain!.headers.get('content-encoding')).to.equal(null);
    for (const { headers } of [small!, plain!]) {
      expect(headers.get('content-type')).to.match(/^text\/javascript/);
      expect(headers.get('vary')).to.equal('Accept-Encoding');
      expect(headers.get('cache-control')).to.contain('immutable');
    }
    const length = ({ headers }: Response) => Number(headers.get('content-length'));
    expect(length(small!)).to.be.below(length(plain!) / 2);
    expect((await small!.text()) === (await plain!.text()), 'the same text').to.equal(true);
  });

  it('responds to a missing asset with uncompressed problem+json', async () => {
    const answer = await bff.get('/assets/index-00000000.js', { 'accept-encoding': 'br' });
    expect(answer.headers.get('content-encoding')).to.equal(null);
    expect(await answer.json()).to.include({ status: 404 });
  });

  it('the page contains no inline script and no inline style', () => {
    expect(html).to.not.match(/<style|style=|<script(?![^>]* src=)|\son\w+=/);
  });

  for (const path of [
    '/assets/index-00000000.js',
    '/assets/',
    '/assets',
    '/.setup-stamp',
    '/stream',
    '/..%2fpackage.json',
  ]) {
    it(`does not serve the page for ${path}`, async () => {
      const answer = await bff.get(path);

      expect(answer.status).to.equal(404);
      expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
      expect(answer.headers.get('cache-control') ?? '').to.not.contain('immutable');
    });
  }
});
