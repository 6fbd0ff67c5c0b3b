import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';

const sdk = new NodeSDK({
  serviceName: 'bff',
  instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()],
});
sdk.start();
// Sends what has not been sent yet. The server's own handler of SIGTERM ends the streams meanwhile.
process.once('SIGTERM', () => sdk.shutdown());
