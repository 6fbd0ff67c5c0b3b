import type { StreamError, StreamSnapshot } from '@datashop/sse-client';
import { errorInWords } from './messages.ts';

export interface Notice {
  readonly tone: 'success' | 'warning' | 'error' | 'info';
  readonly title: string;
  readonly detail?: string;
  /** A button on the toast, which is then shown for ten seconds. */
  readonly action?: { readonly label: string; act(): void };
}

type State = Pick<StreamSnapshot, 'status' | 'lastError'> & { readonly counts: Pick<StreamSnapshot['counts'], 'gaps'> };

/** Derives toasts from the stream's states: one per loss, refusal, end, recovery or gap, however often it retries. */
export class Notices {
  #trouble: 'lost' | 'refused' | 'closed' | null = null;
  #gaps: number;
  /** True after the user pressed Connect, until the next connection or switch-off. */
  #expected = false;

  constructor({ counts }: State) {
    this.#gaps = counts.gaps;
  }

  /** Reports the next connection, because the user asked for it. */
  expect(): void {
    this.#expected = true;
  }

  /** Call it before dropped entries come back, with their number of gaps, which have been reported already. */
  restore(gaps: number): void {
    this.#gaps = gaps;
  }

  next(state: State): Notice[] {
    const notices = [this.#ofStatus(state), this.#ofGaps(state.counts.gaps)];
    return notices.filter((notice) => notice !== null);
  }

  #ofStatus({ status, lastError }: State): Notice | null {
    const detail = detailOf(lastError);
    switch (status) {
      case 'idle':
        this.#trouble = null;
        this.#expected = false;
        return null;
      case 'connected': {
        const title = this.#trouble !== null ? 'Connected again' : this.#expected ? 'Connected' : null;
        const good =
          this.#trouble !== null ? 'The stream resumes where it stopped.' : 'New lines are shown as they arrive.';
        this.#trouble = null;
        this.#expected = false;
        return title === null ? null : { tone: 'success', title, detail: good };
      }
      case 'waiting':
        return this.#turn('lost', { tone: 'warning', title: 'Connection lost', detail });
      case 'refused':
        return this.#turn('refused', { tone: 'warning', title: 'No live lines for now', detail });
      case 'closed':
        return this.#turn('closed', { tone: 'error', title: 'The server ended the stream', detail });
      default:
        return null;
    }
  }

  #turn(trouble: 'lost' | 'refused' | 'closed', notice: Notice): Notice | null {
    if (this.#trouble === trouble) return null;
    this.#trouble = trouble;
    return notice;
  }

  #ofGaps(gaps: number): Notice | null {
    const more = gaps > this.#gaps;
    this.#gaps = gaps;
    if (!more) return null;
    return { tone: 'warning', title: 'Lines may be missing', detail: 'The list shows where, and can load them.' };
  }
}

function detailOf(error: StreamError | null): string {
  if (error === null) return 'It tries again by itself.';
  const words = errorInWords(error);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
