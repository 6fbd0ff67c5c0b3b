import { matchTexts } from '../logic/match-texts.ts';
import type { SearchReply, SearchRequest } from '../logic/searcher.ts';

// The page's type library has no types for the scope of a worker.
const scope = self as unknown as {
  onmessage: (event: MessageEvent<SearchRequest>) => void;
  postMessage(reply: SearchReply): void;
};

scope.onmessage = ({ data: { id, pattern, texts } }) => scope.postMessage(replyTo(id, pattern, texts));
scope.postMessage({ kind: 'ready' });

/** A pattern is compiled when it is first used, so one that is too large fails only here. */
function replyTo(id: number, pattern: RegExp, texts: readonly string[]): SearchReply {
  try {
    return { kind: 'matches', id, matches: matchTexts(pattern, texts) };
  } catch (error) {
    return { kind: 'failed', id, message: error instanceof Error ? error.message : String(error) };
  }
}
