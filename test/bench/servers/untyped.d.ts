declare module 'express-http-proxy' {
  import type { RequestHandler } from 'express';
  export default function proxy(host: string, options?: { parseReqBody?: boolean }): RequestHandler;
}
