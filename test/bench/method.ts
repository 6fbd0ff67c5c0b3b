/** How the figures are measured: the part of docs/performance.md that does not change with them. */
export const method = `## Method

[Where the time goes](where-the-time-goes.md): what an event costs part by part, the floors, and what was tried.

\`npm run bench\` needs nothing but Node; \`npm run bench -- --help\` tells its options, \`--write\` writes this page. nginx,
nchan and HAProxy join where they are installed.

- **Ratios, not times.** An absolute time says more about the machine than about the server. Servers take turns in every
  round (A B C, A B C, …), each in a process of its own that is new for every round. Figures are medians over the rounds,
  with the lowest and the highest in parentheses.
- **Cores.** The server under test has the machine's first core to itself, and the upstream, the browsers and the benchmark
  share the others (Linux, with \`taskset\`). Where all of them share all cores, the server is interrupted at each event by
  those it wakes; how often is a matter of luck, and it costs most who does most between two system calls.
- **At once.** Servers that are measured one after another differ by what the machine did meanwhile: the same code cost 13
  to 18 µs in rounds of one run. In \`…-at-once\` and \`scale\` all of them run at the same time, on the same core,
  under the same load (an upstream and browsers of its own for each), so that whatever happens happens to all: the same
  code then differs by 3 %. They find cold caches at every event, as a server has them that has other things to do.
- **Floor** in the table of goals: what a server in Node had in the same run that does nothing but read and write ("only
  reads and writes", "only the writes", below). A goal below the floor can't be reached in Node.
- **CPU** is what the server's process used, user and system, all its threads: \`process.cpuUsage()\` for Node, \`/proc\` for
  the others. Upstream and browsers are other processes, and are not counted. It is read just before the first measured
  event is sent and just after the last browser has the last one. 60,000 events come before that, uncounted, so that the
  compiler is done: its thread's time is the server's too.
- **Exactly once.** Every event carries a number. A round in which any browser missed an event, got one twice, was refused
  or was disconnected is not valid, and has no figures.
- **Latency** is from the upstream's write to the browser's read, by the clock that all processes of a host share
  (\`process.hrtime()\`, monotonic). *Added* means: minus what a direct connection to the upstream takes in the same round.
  The events of \`latency\` come one after another; those of \`busy\` and \`fan\` come to all browsers in one moment, so that
  their latency is mostly a queue.
- **Memory** is how much the server's resident set grew from before the first browser to the end of the round, divided by
  the browsers. Nobody runs the garbage collector by hand.
- **idle**: servers that send heartbeats of their own do so every second here rather than every 15 s, so that there is
  something to measure. The others send nothing.
- **storm**: the servers listen as \`app.listen(port)\` does, with a queue of 511 connections: of thousands that connect in the
  same moment most are turned away by the kernel at first and try again. A longer queue brings everybody in sooner, but
  Node accepts all that wait in one turn of the event loop. How long the loop was blocked depends on what else the machine
  had to do; the CPU time of its longest turn does not.
- **Browsers** are sockets that look for the numbers and otherwise do not parse: two processes, so that they are not what is
  measured.
- **sse-proxy** has all its features on: whole events, heartbeats, bounds, an observer. http-proxy-middleware and httpxy
  get an agent without a bound: with their own they stop at 256 browsers, and the 257th hangs. "http.request + res.write"
  is the controller that one writes by hand; it counts as a library. "Only the writes" frames nothing, checks nothing, and
  gives the same buffer to every socket; "only reads and writes" is an Express route that opens a second connection, parses
  nothing, and passes on what it reads: what Node can't go below.
`;
