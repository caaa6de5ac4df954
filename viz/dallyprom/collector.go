package dallyprom

import (
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
	"github.com/dally-go/dally/viz/record"
)

// Collector is a [prometheus.Collector] of what a [record.Recorder] counts. It may be registered with several
// registries, and collected at any time from any goroutine. It is made by [New].
type Collector struct {
	rec *record.Recorder
	max int

	mu    sync.Mutex
	shown map[string]bool // functions that have a series. Guarded by mu
}

var _ prometheus.Collector = (*Collector)(nil)

const (
	functionsDefault = 1000
	nameMax          = 99 // runes, and an ellipsis
	// other is the label of what there is no series for.
	other = "other"
)

// Option changes what a Collector tells.
type Option func(*Collector)

// MaxFunctions sets how many functions have series of their own; all others together are "other". The default is
// 1,000, which are some 24,000 series at most. It panics if n < 1.
func MaxFunctions(n int) Option {
	if n < 1 {
		panic(fmt.Sprintf("dallyprom: MaxFunctions: n is %d; want 1 or more", n))
	}
	return func(c *Collector) { c.max = n }
}

// New returns a Collector of what rec counts. It panics if rec is nil.
func New(rec *record.Recorder, opts ...Option) *Collector {
	if rec == nil {
		panic("dallyprom: New: the Recorder is nil; want the one that observes, made by record.New")
	}
	c := &Collector{rec: rec, max: functionsDefault, shown: map[string]bool{}}
	for i, opt := range opts {
		if opt == nil {
			panic(fmt.Sprintf("dallyprom: New: option %d of %d is nil: leave it out", i+1, len(opts)))
		}
		opt(c)
	}
	return c
}

var (
	calls = prometheus.NewDesc("dally_calls_total",
		"Calls that ended, by how they came out.", []string{"function", "state"}, nil)
	durations = prometheus.NewDesc("dally_call_duration_seconds",
		"Times of calls that ran: done, failed and cancelled ones.", []string{"function"}, nil)
	running = prometheus.NewDesc("dally_calls_running",
		"Calls that run now.", []string{"function"}, nil)
	planned = prometheus.NewDesc("dally_calls_planned_total",
		"Calls of all runs, also of those that go on.", nil, nil)
	runs = prometheus.NewDesc("dally_runs_total",
		"Runs that are over, by how they came out.", []string{"result"}, nil)
	active = prometheus.NewDesc("dally_runs_active",
		"Runs that go on.", nil, nil)
	dropped = prometheus.NewDesc("dally_spans_dropped_total",
		"Spans that the recorder had no room for.", nil, nil)
)

// Describe is of [prometheus.Collector].
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{calls, durations, running, planned, runs, active, dropped} {
		out <- d
	}
}

// Collect is of [prometheus.Collector].
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	now, counts := c.rec.Now(), c.rec.Counts()
	for name, f := range c.byLabel(now.Functions) {
		collectFunction(out, name, f)
	}
	counter := func(d *prometheus.Desc, n int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	counter(planned, counts.Planned)
	counter(runs, counts.Done, "done")
	counter(runs, counts.Failed, "failed")
	counter(runs, counts.Cancelled, "cancelled")
	counter(dropped, counts.Dropped)
	out <- prometheus.MustNewConstMetric(active, prometheus.GaugeValue, float64(now.Active))
}

// states are those that a call ends in, as operators know them.
var states = []struct {
	state graph.State
	name  string
}{
	{graph.Done, "done"},
	{graph.Cached, "cached"},
	{graph.Failed, "failed"},
	{graph.Skipped, "skipped"},
	{graph.Pending, "cancelled"},
}

func collectFunction(out chan<- prometheus.Metric, name string, f *graph.Function) {
	for _, s := range states {
		out <- prometheus.MustNewConstMetric(calls, prometheus.CounterValue, float64(f.Calls[s.state]), name, s.name)
	}
	out <- prometheus.MustNewConstMetric(running, prometheus.GaugeValue, float64(f.Calls[graph.Running]), name)
	count, buckets := histogram(f)
	out <- prometheus.MustNewConstHistogram(durations, count, f.Total.Seconds(), buckets, name)
}

const (
	// Every bucketStep-th bound of the Recorder's is told: 1 µs, 4 µs … 2^bucketLast µs, which is 18 minutes.
	bucketStep = 2
	bucketLast = 30
)

// histogram returns how many calls ran, and how many of those took less than each bound, in seconds.
func histogram(f *graph.Function) (count uint64, buckets map[float64]uint64) {
	buckets = make(map[float64]uint64, bucketLast/bucketStep+1)
	for i, n := range f.Buckets {
		count += uint64(n)
		if i%bucketStep == 0 && i <= bucketLast {
			buckets[float64(uint64(1)<<i)/1e6] = count // a quotient of whole numbers prints as 0.000256
		}
	}
	return count, buckets
}

// byLabel adds up the functions that have the same label. Two of one name in a scrape would be an error.
func (c *Collector) byLabel(all []graph.Function) map[string]*graph.Function {
	sum := make(map[string]*graph.Function, len(all))
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range all {
		name := c.labelLocked(all[i].Name)
		if have := sum[name]; have != nil {
			add(have, &all[i])
			continue
		}
		sum[name] = &all[i]
	}
	return sum
}

// labelLocked returns the label of a function. It needs mu.
func (c *Collector) labelLocked(name string) string {
	name = label.Clean(name, nameMax)
	if c.shown[name] {
		return name
	}
	if len(c.shown) >= c.max {
		return other
	}
	c.shown[name] = true
	return name
}

func add(to, f *graph.Function) {
	for i, n := range f.Calls {
		to.Calls[i] += n
	}
	to.Total += f.Total
	for i, n := range f.Buckets {
		to.Buckets[i] += n
	}
}
