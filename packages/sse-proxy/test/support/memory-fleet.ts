import { clock } from './clock.ts';
import { type FleetLogs, fleetSize } from './fleet-schedule.ts';
import { MemoryLogs, type MemoryRelay } from './memory-relay.ts';
import { settle } from './registry.ts';

/** Logs in this process, on a clock of the test's making. */
export class MemoryFleet implements FleetLogs {
  readonly relays: readonly MemoryRelay[];
  readonly #logs = new MemoryLogs(50);

  constructor() {
    this.relays = Array.from({ length: fleetSize }, () => this.#logs.instance());
  }

  begin(): void {
    clock.install();
  }

  connect(instance: number, isUp: boolean): void {
    const relay = this.relays[instance] as MemoryRelay;
    if (relay.isUp !== isUp) relay.isUp = isUp;
  }

  expire(): void {
    this.#logs.expireLease();
  }

  clear(): void {
    this.#logs.clear();
  }

  trim(keep: number): void {
    this.#logs.trim(keep);
  }

  async pass(ms: number): Promise<void> {
    clock.tick(ms);
  }

  async settle(): Promise<void> {
    await settle();
    if (this.#logs.failure) throw this.#logs.failure;
  }

  end(): void {
    clock.uninstall();
  }
}
