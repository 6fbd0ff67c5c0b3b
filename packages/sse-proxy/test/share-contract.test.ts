import { shareContract } from './support/share-contract.ts';
import { stage } from './support/stage.ts';

describe('feeds that are shared in one process', () => {
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  shareContract(add, async (options) => {
    const share = typeof options.share === 'object' ? options.share : {};
    const { port } = await app({ ...options, share: { lingerMs: 0, ...share } });
    return { open: (_, id) => visit(port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id }) };
  });
});
