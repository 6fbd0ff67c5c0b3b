/** Reads a port number from the environment; 0 lets the system choose. @throws if it is no port number */
export function readPort(name: string, fallback: number): number {
  const value = process.env[name];
  if (value === undefined || value === '') return fallback;
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) {
    throw new Error(`${name} must be a number from 0 to 65535, not ${JSON.stringify(value)}`);
  }
  return port;
}

/**
 * Explains the system error `code` of a port that could not be opened; undefined for other errors.
 *
 * @param command what the user has started
 */
export function portProblem(port: number, code: string | undefined, command = 'npm start'): string | undefined {
  const other = port === 65_535 ? 0 : port + 1;
  if (code === 'EADDRINUSE') return `Port ${port} is in use; choose another with PORT=${other} ${command}`;
  if (code === 'EACCES')
    return `Port ${port} needs more rights than you have; choose another with PORT=3000 ${command}`;
  return undefined;
}
