// What user.test.cjs and user.test.mjs have in common.
exports.tests = ({ it, assert, createServer, sseProxy, express, request }) => {
  /** Calls `use` with an app whose stream comes from an upstream that responds by `respond`, and closes everything. */
  async function withApp(respond, use) {
    const upstream = createServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      respond(res);
    });
    await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${upstream.address().port}/logs`;
    const stream = sseProxy({ target, resume: false });
    try {
      await use(express().get('/sse', stream));
    } finally {
      await stream.close();
      await new Promise((resolve) => upstream.close(resolve));
    }
  }

  it('a stream that ends is a response like any other', () =>
    withApp(
      (res) => res.end('id: 1\ndata: one\n\nid: 2\ndata: two\n\n'),
      async (app) => {
        const { text } = await request(app)
          .get('/sse')
          .expect(200)
          .expect('content-type', /^text\/event-stream/);
        assert.equal(text, 'retry: 2000\nid: 1\ndata: one\n\nid: 2\ndata: two\n\n');
      },
    ));

  it('of an endless stream, a test takes the first events and leaves', () =>
    withApp(
      (res) => res.write('id: 1\ndata: one\n\nid: 2\ndata: two\n\n'),
      async (app) => {
        const firstTwo = (res, done) => {
          let text = '';
          res.setEncoding('utf8').on('data', (part) => {
            text += part;
            if (!text.includes('data: two\n\n')) return;
            done(null, text);
            res.destroy();
          });
        };
        const { body } = await request(app).get('/sse').buffer(true).parse(firstTwo);
        assert.equal(body, 'retry: 2000\nid: 1\ndata: one\n\nid: 2\ndata: two\n\n');
      },
    ));

  it('an upstream that is away is refused softly', async () => {
    const stream = sseProxy({ target: 'http://127.0.0.1:1/logs', warnings: false });
    const { status, text } = await request(express().get('/sse', stream)).get('/sse');
    assert.equal(status, 200);
    assert.match(text, /event: sse-proxy:refused\nretry: \d+\ndata: .*"ERR_SSE_UPSTREAM_CONNECT"/);
    await stream.close();
  });
};
