// Package live shows runs of [github.com/dally-go/dally/lazy] in a browser as they go on, on a page of the program's own
// server, like net/http/pprof:
//
//	rec := record.New(record.Graphs())
//	lazy.Default.Observer = rec
//	http.Handle("/debug/dally/", live.Handler(rec))
//
// The page has the graph, grouped and call by call, a timeline, totals by function, failures and runs: what
// viz.WriteHTML makes a report of. [Listen] and [ListenAndServe] are for programs that have no server.
//
// # The rules
//
// The page answers for localhost and loopback addresses alone, whatever the server listens on; [Hosts] adds names. Pages
// of other sites can neither read nor embed it. It shows no values unless [Values] says so, but names, times, texts of
// errors and stacks. There is no password: who reaches the page can read it. It only shows: nothing can be changed by it.
//
// The graph of a run that was over before the page was opened is shown if the recorder keeps graphs, as above; without,
// the page has the rest, and says so. A recorder keeps a bounded number of spans; the page shows the latest 100,000.
//
// # What it costs
//
// Nothing, while no page is open. With one or many, some 0.1 µs of one processor a call that runs, for frames that all
// pages share, eight a second at most. The graph is taken anew when it has grown, for at most 1.5 % of the time of all
// processors: some 1 µs a call with all that is sent, so that a graph of 1,000 calls is there at once, and one of 100,000
// on two processors after three seconds, or when its run is over; until then the page has the rest. A page that reads
// slowly, or not at all, is not waited for. Up to 32 pages may be open.
//
// # When not to use it
//
// For numbers over days and machines use metrics, for something to attach to a ticket viz.WriteHTML. Do not mount it
// where strangers come by.
package live
