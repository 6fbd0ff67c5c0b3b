/** An event that is still unfinished at this many times the limit is a broken stream [R34]. */
const maxDiscardedEvents = 64;
/** Longer ids are unusable [R24]. */
const maxIdChars = 4_096;

interface SizeLimitHandlers {
  /** Parses text: whole events, and the beginning of an unfinished one. */
  feed(text: string): void;
  /** Drops the unfinished event that was fed. */
  forget(): void;
  /** An event has been discarded. `id` is undefined if it has no valid one. */
  discarded(id: string | undefined): void;
  /** The discarded event does not end: the stream is broken. */
  broken(): void;
}

export interface SizeLimit {
  /** True while an event is being discarded. */
  readonly isDiscarding: boolean;
  push(text: string): void;
}

/**
 * Passes text on to a parser, except for events that are larger than `maxChars` [R34]. The size of an event is the size
 * of its data; its other fields have a limit of the same size. Comments and `retry` don't count.
 *
 * @param unfinished the beginning of the current event, which has been fed; at most `maxChars` characters
 */
export function limitEventSize(maxChars: number, unfinished: string, on: SizeLimitHandlers): SizeLimit {
  let isDiscarding = false;
  let dataChars = 0;
  let otherChars = 0;
  let id: string | undefined;
  /** The last chunk ended with CR: an LF at the start of the next one belongs to it. */
  let isAfterCr = false;
  let isFirstLine = true;
  /** The beginning of the line that is being read, and its length so far. */
  let head = '';
  let headChars = 0;

  /** False while the state is derived from the text that has been fed. */
  let isFeeding = false;

  const size = () => dataChars + otherChars + headChars;

  function push(text: string): void {
    /** Start of the text that has not been passed on. */
    let from = 0;
    /** Start of the current event; -1 if it began in an earlier chunk. */
    let eventStart = size() > 0 ? -1 : 0;
    let at = isAfterCr && text[0] === '\n' ? 1 : 0;
    if (text !== '') isAfterCr = false;
    const isLfOnly = !text.includes('\r');
    const tail = text.lastIndexOf('\n\n') + 2;
    // No event in this text can be too large, so that only the last one, which is unfinished, has to be measured.
    if (isLfOnly && tail > 1 && !isDiscarding && size() + text.length <= maxChars) {
      startEvent();
      startLine();
      at = eventStart = tail;
    }
    while (at < text.length) {
      const end = isLfOnly ? text.indexOf('\n', at) : endOfLine(text, at);
      const isWhole = end !== -1;
      const stop = isWhole ? end : text.length;
      const next = isWhole ? afterLineBreak(text, end) : stop;
      if (headChars < maxIdChars) head += text.slice(at, Math.min(stop, at + maxIdChars));
      headChars += stop - at;
      if (isFirstLine) stripBom();
      if (isWhole && headChars === 0) {
        if (isDiscarding) {
          from = next;
          on.discarded(id);
        }
        startEvent();
        eventStart = next;
      } else {
        const field = fieldName(head);
        // [R28] A comment or `retry` before the fields of an event is not part of it.
        const isPart = field !== '' && field !== 'retry';
        if (isPart && !isDiscarding && isTooLarge(field)) {
          if (eventStart > from) on.feed(text.slice(from, eventStart));
          on.forget();
          isDiscarding = true;
        }
        if (isDiscarding && size() > maxDiscardedEvents * maxChars) return on.broken();
        if (isWhole && isPart) endField(field);
        else if (isWhole && dataChars + otherChars === 0) eventStart = next;
      }
      if (isWhole) startLine();
      at = next;
    }
    if (isFeeding && !isDiscarding && from < text.length) on.feed(from === 0 ? text : text.slice(from));
  }

  const valueChars = () => Math.max(headChars - (head[5] === ' ' ? 6 : 5), 0);

  const isTooLarge = (field: string) =>
    field === 'data' ? dataChars + valueChars() > maxChars : otherChars + headChars > Math.max(maxChars, maxIdChars);

  function endField(field: string): void {
    if (field === 'data') dataChars += valueChars() + 1;
    else otherChars += headChars;
    if (field !== 'id' || headChars > maxIdChars) return;
    const value = head.slice(3).replace(/^ /, '');
    // [spec] An id with NUL is ignored.
    if (!value.includes('\0')) id = value;
  }

  function startEvent(): void {
    isDiscarding = false;
    dataChars = otherChars = 0;
    id = undefined;
  }

  function startLine(): void {
    head = '';
    headChars = 0;
    isFirstLine = false;
  }

  function stripBom(): void {
    if (head === '') return;
    isFirstLine = false;
    if (head[0] !== '\uFEFF') return;
    head = head.slice(1);
    headChars--;
  }

  function afterLineBreak(text: string, end: number): number {
    if (text[end] === '\n') return end + 1;
    isAfterCr = end + 1 === text.length;
    return text[end + 1] === '\n' ? end + 2 : end + 1;
  }

  push(unfinished);
  isFeeding = true;
  return {
    get isDiscarding() {
      return isDiscarding;
    },
    push,
  };
}

/** '' for a comment. */
function fieldName(line: string): string {
  const colon = line.indexOf(':');
  return colon === -1 ? line : line.slice(0, colon);
}

/** -1 if the line does not end in this text. */
function endOfLine(text: string, from: number): number {
  const lineBreak = /[\r\n]/g;
  lineBreak.lastIndex = from;
  return lineBreak.exec(text)?.index ?? -1;
}
