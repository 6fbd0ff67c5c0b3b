/** Metric → its heading in the tables. CPU is that of the server under test, user and system. */
export const metrics = {
  cpuUs: 'CPU µs per delivered event',
  heartbeatCpuUs: 'CPU µs per heartbeat',
  connectCpuUs: 'CPU µs per connection',
  p50Us: 'latency p50, µs',
  p99Us: 'latency p99, µs',
  kb: 'KB per browser',
  tookMs: 'all connected after, ms',
  openP50Ms: 'one browser p50, ms',
  openP99Ms: 'one browser p99, ms',
  replayedMs: 'all replayed after, ms',
  blockMs: 'longest event-loop block, ms',
  turnCpuMs: 'most CPU in one turn, ms',
  earlyMs: 'one more after 100, ms',
  lateMs: 'one more after all, ms',
  redisCpuPercent: 'Redis: % of a core',
  redisCommands: 'Redis: commands/s',
  redisMb: 'Redis: MB',
} as const;
export type Metric = keyof typeof metrics;

/** Figures of one round. */
export type Figures = Partial<Record<Metric, number>>;
