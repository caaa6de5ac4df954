package live

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// listedMax is how many inputs and users are told of a call.
const listedMax = 1000

// serveCall tells all about one call.
func (h *handler) serveCall(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query().Get("id")
	id, err := strconv.ParseUint(asked, 10, 64)
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("live: the id is %q, want the number of a call: call?id=12", clip(asked)))
		return
	}
	defer h.hub.letGo()
	body, err := h.feed.call(r.Context(), graph.ID(id))
	switch {
	case err != nil: // it went away
	case body == nil:
		refuse(w, http.StatusNotFound, fmt.Sprintf("live: there is no call %d in the graph or among the latest that ran", id))
	default:
		h.send(w, r, "application/json", body)
	}
}

// call describes a call; nil if nothing is known of it.
func (f *feed) call(ctx context.Context, id graph.ID) ([]byte, error) {
	k, _ := f.lastKey()
	if k == nil {
		var err error
		if k, err = f.fetch(ctx, 0); err != nil {
			return nil, err
		}
	}
	span, ran := f.lastSpan(id)
	at, ok := k.at(id)
	if !ok && !ran {
		return nil, nil
	}
	n := graph.Node{ID: id, Name: span.Name}
	if ok {
		n = k.snap.Nodes[at]
	}
	start, dur := time.Duration(-1), n.Duration
	if ran {
		n.State, start, dur = span.State, max(0, span.Start), span.Duration()
	} else if !n.Start.IsZero() {
		start = max(-1, n.Start.Sub(f.rec.Start()))
	}
	j := &frame{}
	j.raw(`{"id":`).uint(uint64(id)).raw(`,"name":`).text(n.Name, nameMax).raw(`,"where":`)
	j.b = appendString(j.b, cleanWhere(n.Where))
	j.raw(`,"state":`).int(int64(int(n.State) % graph.NumStates)).raw(`,"args":`)
	j.b = appendString(j.b, f.args(k, &n))
	if f.opt.values && n.Value != "" {
		j.raw(`,"value":`).text(n.Value, nameMax)
	}
	f.trouble(j, &n)
	if n.Reason != "" {
		j.raw(`,"reason":`).text(n.Reason, errMax)
	}
	j.raw(`,"start":`).int(int64(start)).raw(`,"dur":`).int(int64(dur))
	f.neighbours(j, `,"inputs":[`, k, n.Inputs)
	f.neighbours(j, `,"users":[`, k, k.users(id, at, ok))
	return j.raw("}").b, nil
}

// trouble writes the error that a call ended with. The graph has it, or the recorder.
func (f *feed) trouble(j *frame, n *graph.Node) {
	if n.State != graph.Failed {
		return
	}
	text, stack := n.Err, ""
	for _, failure := range f.rec.Failures(0) {
		if failure.Call == n.ID {
			text, stack = failure.Err, failure.Stack // the last one holds
		}
	}
	if text != "" {
		j.raw(`,"err":`).text(text, errMax)
	}
	if stack != "" {
		j.b = appendString(append(j.b, `,"stack":`...), cleanStack(stack))
	}
}

// lastSpan is the latest span of a call that is known to the last frame, or what runs of it now.
func (f *feed) lastSpan(id graph.ID) (last graph.Span, ok bool) {
	f.work.Lock()
	defer f.work.Unlock()
	for i := range f.spans {
		if s := &f.spans[i]; s.Call == id && (!ok || s.Start >= last.Start) {
			last, ok = *s, true
		}
	}
	for _, s := range f.rec.Now().Running {
		if s.Call == id && (!ok || s.Start > last.Start) {
			last, ok = s, true
		}
	}
	return last, ok
}

// at is the place of a node in the key's graph.
func (k *key) at(id graph.ID) (int, bool) {
	k.find.Do(func() {
		k.place = make(map[graph.ID]int32, len(k.snap.Nodes))
		for i := range k.snap.Nodes {
			k.place[k.snap.Nodes[i].ID] = int32(i)
		}
	})
	at, ok := k.place[id]
	return int(at), ok
}

// users lists the calls that take the value of the node at a place, each once.
func (k *key) users(id graph.ID, at int, ok bool) (users []graph.ID) {
	if !ok {
		return nil
	}
	for i := at + 1; i < len(k.snap.Nodes) && len(users) < listedMax; i++ { // users stand after their inputs
		for _, in := range k.snap.Nodes[i].Inputs {
			if in == id {
				users = append(users, k.snap.Nodes[i].ID)
				break
			}
		}
	}
	return users
}

func (f *feed) neighbours(j *frame, opening string, k *key, ids []graph.ID) {
	j.raw(opening)
	for i, id := range ids[:min(len(ids), listedMax)] {
		j.comma(i).raw("[").uint(uint64(id)).raw(",")
		j.b = appendString(j.b, f.shortName(k, id))
		j.raw("]")
	}
	j.raw("]")
}

// shortName is what a node is called where it is an argument: its name, or its value if it is a constant.
func (f *feed) shortName(k *key, id graph.ID) string {
	at, ok := k.at(id)
	if !ok {
		return fmt.Sprintf("#%d", id)
	}
	n := &k.snap.Nodes[at]
	switch {
	case n.Name != "":
		return label.Clean(n.Name, nameMax)
	case n.State == graph.Source && f.opt.values && n.Value != "":
		return label.Clean(n.Value, nameMax)
	case n.State == graph.Source:
		return "…"
	}
	return fmt.Sprintf("#%d", id)
}

// args is the list of a call's arguments. Sources have none.
func (f *feed) args(k *key, n *graph.Node) string {
	const few = 20
	if n.State == graph.Source && len(n.Inputs) == 0 {
		return ""
	}
	names := make([]string, 0, few+1)
	for i, id := range n.Inputs {
		if i == few {
			names = append(names, label.Grouped(len(n.Inputs)-few)+" more")
			break
		}
		names = append(names, f.shortName(k, id))
	}
	return "(" + strings.Join(names, ", ") + ")"
}
