// Kinds of servers. Arguments: the upstream's URL, and the files of a key and a certificate.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';

const [, , target, keyFile, certFile] = process.argv;
const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const stream = () => sseProxy({ target, warnings: false });
const app = express().get('/sse', stream());
/** Without a stream: what Express itself does. */
const plain = express().get('/plain', (_req, res) => res.send('plain'));

/** One port for both: HTTP/2 requests for the stream go past Express, everything else goes to it. */
function besideExpress() {
  const handle = stream();
  return (req, res) => (req.url.startsWith('/sse') ? handle(req, res) : app(req, res));
}

const servers = {
  http: http.createServer(app),
  https: https.createServer(tls, app),
  nodeHttp: http.createServer(stream()),
  nodeHttps: https.createServer(tls, stream()),
  http2: http2.createServer(stream()),
  http2Tls: http2.createSecureServer(tls, stream()),
  http2Express: http2.createSecureServer({ ...tls, allowHTTP1: true }, app),
  http2Plain: http2.createSecureServer({ ...tls, allowHTTP1: true }, plain),
  http2BesideExpress: http2.createSecureServer({ ...tls, allowHTTP1: true }, besideExpress()),
};

const ports = {};
for (const [name, server] of Object.entries(servers)) {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ports[name] = server.address().port;
}
console.log(JSON.stringify(ports));
