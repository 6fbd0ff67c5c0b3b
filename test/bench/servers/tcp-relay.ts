// Relays bytes between two sockets: the floor of any proxy in Node.
import { connect, createServer } from 'node:net';
import { listen, upstream } from './serve.ts';

const { hostname, port } = new URL(upstream);
listen(
  createServer({ noDelay: true }, (browser) => {
    const up = connect({ host: hostname, port: Number(port), noDelay: true });
    browser.pipe(up);
    up.pipe(browser);
    browser.on('error', () => up.destroy());
    up.on('error', () => browser.destroy());
    browser.on('close', () => up.destroy());
    up.on('close', () => browser.destroy());
  }),
);
