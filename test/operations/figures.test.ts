import { expect } from 'chai';
import { parseMetrics } from '../../packages/sse-metrics/test/support/scrape.ts';
import { Script } from './support/script.ts';

/** Series of gauges and histograms that depend on time, and traffic of the route whose browser doesn't read. */
const uncounted =
  /_bucket|_sum$|_sum\{|_seconds$|_bytes|sse_upstream_connections|sse_messages_sent_total\{route="slow"\}/;

describe('/metrics after a scripted run', () => {
  let script: Script | undefined;
  afterEach(() => script?.scenario.close());

  const figures = async () => parseMetrics(await script!.scenario.metrics());
  const counted = (series: Map<string, number>) =>
    Object.fromEntries([...series].filter(([name, value]) => value !== 0 && !uncounted.test(name)));

  it('/metrics shows exactly what the script did: opens, refusals, breaks, a large event, an eviction, a drain', async () => {
    script = await Script.start();
    const { scenario } = script;
    expect(counted(await figures())).to.deep.equal({});

    const [one, two] = [await script.open(), await script.open()];
    await script.send(one, true);
    await script.send(one, false);
    await script.send(two, true);
    await script.reachLimits();
    await script.refuseOthers();
    await script.breakUpstream(one);
    await script.send(one, false);
    await script.breakWithoutIds(two);
    await script.exceedEvent(one);
    await script.evict();
    await script.leave(two);
    await script.open({ headers: { 'Last-Event-ID': '2' } });
    const before = await figures();
    expect(counted(before)).to.deep.equal(Object.fromEntries(script.expected));
    const sent = script.browsers.reduce((sum, browser) => sum + browser.body().length, 0);
    expect(before.get('sse_bytes_sent_total{route="logs"}')).to.equal(sent);
    const upstreams = scenario.proxies.reduce((sum, proxy) => sum + proxy.stats().upstreamConnections, 0);
    expect(before.get('sse_upstream_connections')).to.equal(upstreams);
    expect(upstreams).to.equal([...scenario.proxies].reduce((sum, proxy) => sum + proxy.stats().open, 0));

    await script.drain();
    const after = await figures();
    for (const [series, value] of script.expected) expect(after.get(series), series).to.equal(value);
    expect(after.get('sse_upstream_connections')).to.equal(0);
    expect(after.get('sse_oldest_connection_seconds')).to.equal(0);
  });

  it('/metrics counts the refusals of limits.total', async () => {
    script = await Script.start();
    await script.reachTotal();
    expect(counted(await figures())).to.deep.equal(Object.fromEntries(script.expected));
  });
});
