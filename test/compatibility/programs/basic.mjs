// A user's server as an ES module. Argument: the upstream's URL.
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';

const app = express();
app.get('/sse', sseProxy({ target: process.argv[2], warnings: false }));
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ http: server.address().port })));
