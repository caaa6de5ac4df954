package progress

import (
	"encoding/json"
	"math"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// event is a line in mode JSON. The names of its fields do not change.
type event struct {
	Time     string         `json:"time"`
	Event    string         `json:"event"` // progress, failure, done
	Percent  int            `json:"percent"`
	Done     int            `json:"done"` // calls that are over, in whatever way
	Planned  int            `json:"planned"`
	Grows    bool           `json:"grows"` // planned has grown, and may go on to
	Cached   int            `json:"cached"`
	Failed   int            `json:"failed"`
	Skipped  int            `json:"skipped"`
	ElapsedS float64        `json:"elapsed_s"`
	LeftS    *float64       `json:"left_s"` // null: not known
	Busy     int            `json:"busy"`
	Workers  int            `json:"workers"` // 0: not known
	Runs     int            `json:"runs"`
	Running  []runningCall  `json:"running"` // the longest running
	Slowest  []slowFunction `json:"slowest"`
	Name     string         `json:"name,omitempty"` // in failure
	ID       uint64         `json:"id,omitempty"`   // in failure
	Outcome  string         `json:"outcome,omitempty"`
	Error    string         `json:"error,omitempty"`
}

type runningCall struct {
	Name    string  `json:"name"`
	ID      uint64  `json:"id"`
	Seconds float64 `json:"seconds"`
}

type slowFunction struct {
	Name    string  `json:"name"`
	Calls   int     `json:"calls"` // that ran
	Seconds float64 `json:"seconds"`
}

func (v *view) event(kind string) *event {
	e := &event{
		Time: v.at.Format(time.RFC3339Nano), Event: kind, Percent: v.percent(),
		Done: v.ended, Planned: v.planned, Grows: v.grown,
		Cached: v.states[graph.Cached], Failed: v.states[graph.Failed], Skipped: v.states[graph.Skipped],
		ElapsedS: seconds(v.elapsed), Busy: v.busy, Workers: v.workers, Runs: v.runs,
		Running: []runningCall{}, Slowest: []slowFunction{},
	}
	if v.leftKnown {
		left := seconds(v.left)
		e.LeftS = &left
	}
	for _, s := range v.longest(longestMax) {
		e.Running = append(e.Running, runningCall{label.Clean(s.Name, nameMax), uint64(s.Call), seconds(v.ran(&s))})
	}
	for _, f := range v.slowest(slowestMax) {
		e.Slowest = append(e.Slowest, slowFunction{label.Clean(f.Name, nameMax), f.Ran(), seconds(f.Total)})
	}
	return e
}

// line returns the event with its line end. The texts in it are clean and the numbers finite: it cannot fail.
func (e *event) line() string {
	b, err := json.Marshal(e)
	if err != nil {
		return ""
	}
	return string(b) + "\n"
}

// seconds are rounded to milliseconds.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }
