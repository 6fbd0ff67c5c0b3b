// A user's server in CommonJS. Argument: the upstream's URL.
const { sseProxy } = require('@datashop/sse-proxy');
const express = require('express');

const app = express();
app.get('/sse', sseProxy({ target: process.argv[2], warnings: false }));
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ http: server.address().port })));
