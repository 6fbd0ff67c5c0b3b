import type { VolumeQuery } from '../log-store.ts';
import type { PageSlots } from './page-slots.ts';
import { parseVolumeRequest } from './query.ts';
import type { Handle, Service } from './route.ts';

/** Creates the handler that sends how many logs of a workflow there are, by level and time. */
export function volumeSender({ config: { store } }: Service, slots: PageSlots): Handle {
  return async ({ req, scope }, res) => {
    const wanted = parseVolumeRequest(req, scope);
    const { fromMs, bucketMs, counts } = await slots.run(res, (signal) => {
      const query: VolumeQuery = { ...wanted, signal };
      return store.volume(query);
    });
    res.statusCode = 200;
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Cache-Control', 'no-store');
    res.end(JSON.stringify({ from: new Date(fromMs).toISOString(), bucketMs, counts }));
  };
}
