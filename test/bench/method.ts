/** The part of docs/performance.md that says how the figures are measured. */
export const method = `## Method

[Where the time goes](where-the-time-goes.md) splits the cost of an event into its parts.

\`npm run bench\` needs nothing but Node; \`npm run bench -- --help\` prints its options, and \`--write\` writes this page. nginx,
nchan, HAProxy, FastAPI and Flask are included if they are installed.

- **Ratios, not times.** An absolute time depends on the machine more than on the server. Servers take turns in every
  round (A B C, A B C, …); each runs in a new process in every round. Figures are medians over the rounds, with the lowest
  and the highest in parentheses.
- **Cores.** The server under test has the machine's first core to itself, and the upstream, the browsers and the benchmark
  share the others (Linux, with \`taskset\`). If all of them shared all cores, the processes that the
  server wakes would interrupt it at random, which costs most for a server that does much between two system calls.
- **At once.** When servers are measured one after another, the machine's other work changes the figures: the same code took 13
  to 18 µs in rounds of one run. In \`…-at-once\` and \`scale\` all servers run at the same time, on the same core, under the
  same load (each with its own upstream and browsers). The same code then differs by 3 %. Caches are cold at every event, as
  in a server that has other work.
- **Pairs.** Goals of a few per cent compare two servers round by round; what counts is the median of these ratios. V8 decides
  in each process anew which functions it inlines where, so a single pair says little, and twelve say more.
- **Redis** runs on the cores of the load. The *leader* reads all upstreams and has all browsers. A *follower* has all browsers
  too, and another process, with one browser for each feed, reads the upstreams; only the follower's CPU counts. A round is not valid
  if the server has another role at its end. Redis' commands include those that scripts call; its memory includes what it has
  retained until then. better-sse and nchan publish to Redis themselves.
- **Floor** in the table of goals: the figure of a Node server that only reads and writes ("only reads and writes", "only the
  writes"), in the same run. A goal below the floor can't be reached in Node.
- **CPU** is the user and system time of all threads of the server's process: \`process.cpuUsage()\` for Node, \`/proc\` for the
  others. Upstream and browsers are other processes and don't count. It is read before the first measured event is sent and
  after the last browser has the last one. 60,000 events come before, so that V8 has compiled the code that runs often.
- **Exactly once.** Every event carries a number. A round in which any browser missed an event, received one twice, was
  refused or was disconnected is not valid and has no figures.
- **Latency** is the time from the upstream's write to the browser's read, by the monotonic clock that all processes of a host
  share (\`process.hrtime()\`). It includes the machine's own part, which the row "no proxy" shows. The events of \`latency\`
  are sent one after another; those of \`busy\` and \`fan\` are sent to all browsers at once, so that most of their latency is
  time in a queue, and a proxy that spreads them can be faster than a direct connection.
- **Memory** is the growth of the server's resident set from before the first browser to the end of the round, divided by the
  number of browsers. The garbage collector runs by itself only.
- **idle**: servers that have heartbeats send one every second instead of every 15 s, so that their cost can be measured. The
  others send nothing.
- **storm**: the servers listen as \`app.listen(port)\` does, with a backlog of 511 connections. When thousands connect at once, the
  kernel drops most at first, and they try again. A longer backlog would let them in sooner, but Node accepts all of it in one turn
  of the event loop. The time that the loop was blocked depends on the machine's other work; the CPU time of its longest turn does
  not.
- **logs**: log-stream next to the endpoint that it replaces, in FastAPI and in Flask: ids that count, \`retry: 5000\`, a ping
  every 25 s, and a loop for each listener that looks for new logs every 100 ms. "A queue each" serialises a log once and puts it
  into a queue of each listener. Every server reads the logs from the same source and holds them in memory; "with SQLite" shows
  what the database adds. A rate counts as sustained if the slowest hundredth of the logs takes at most 2 s. Goals compare with each
  peer at the highest rate that it sustains. log-stream writes to 100 listeners every 25 ms at most, which costs latency and saves
  writes. Memory is measured before the logs of the round.
- **Browsers** are sockets in two processes. They search for the numbers and parse nothing else, so that they are not the
  bottleneck.
- **sse-proxy** has all its features on: whole events, heartbeats, bounds, an observer. http-proxy-middleware and httpxy
  get an agent without a bound: with their defaults, the 257th browser hangs. "http.request + res.write" is a controller written
  by hand; it counts as a library. "Only the writes" neither frames nor checks, and writes the same buffer to every socket.
  "Only reads and writes" is an Express route that opens a second connection and relays what it reads without parsing: the
  floor of Node.
`;
