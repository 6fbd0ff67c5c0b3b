import express from 'express';
import { createProxyServer } from 'http-proxy-3';
import { serve, upstream } from './serve.ts';

const proxy = createProxyServer({ target: upstream });
const app = express();
app.use((req, res) => {
  proxy.web(req, res);
});
serve(app);
