import express from 'express';
import proxy from 'express-http-proxy';
import { serve, upstream } from './serve.ts';

const app = express();
app.use('/', proxy(upstream, { parseReqBody: false }));
serve(app);
