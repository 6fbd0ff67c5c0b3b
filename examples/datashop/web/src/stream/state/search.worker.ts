import { matchTexts } from '../logic/match-texts.ts';
import type { SearchReply, SearchRequest } from '../logic/searcher.ts';

// What belongs to a worker is typed apart from what belongs to a page.
const scope = self as unknown as {
  onmessage: (event: MessageEvent<SearchRequest>) => void;
  postMessage(reply: SearchReply): void;
};

scope.onmessage = ({ data: { id, pattern, texts } }) => {
  scope.postMessage({ id, verdicts: matchTexts(pattern, texts) });
};
