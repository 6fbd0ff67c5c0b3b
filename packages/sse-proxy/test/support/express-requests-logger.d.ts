declare module 'express-requests-logger' {
  import type { RequestHandler } from 'express';

  export default function audit(options: { logger: object }): RequestHandler;
}
