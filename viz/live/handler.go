package live

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dally-go/dally/viz/internal/label"
	"github.com/dally-go/dally/viz/internal/page"
	"github.com/dally-go/dally/viz/record"
)

// Handler returns the live page of what rec sees. It may be mounted anywhere, at a path that ends in a slash:
//
//	http.Handle("/debug/dally/", live.Handler(rec))
//
// It answers requests for localhost and loopback addresses alone, unless [Hosts] names others, and shows no values unless
// [Values] says so. It costs nothing until somebody opens the page; no goroutine is left when the last page is closed, or
// when the server that it is mounted in is shut down.
//
// The graph of a run that is over is shown if the page was open meanwhile, or if rec keeps it: record.New(record.Graphs()).
// Functions, timeline and totals are there in any case. Handler panics if rec is nil.
func Handler(rec *record.Recorder, opts ...Option) http.Handler {
	return newHandler("Handler", rec, newOptions(opts))
}

// handler is the page and what it asks for. All but the hub is written once.
type handler struct {
	opt    *options
	feed   *feed
	hub    hub
	page   []byte
	policy string // of the page
}

func newHandler(who string, rec *record.Recorder, o *options) *handler {
	if rec == nil {
		panic("live: " + who + ": rec is nil, want a recorder: rec := record.New(), which must also be the Observer of a session")
	}
	if o.title == "" && len(os.Args) > 0 {
		o.title = filepath.Base(os.Args[0])
	}
	o.title = label.Clean(o.title, 200)
	h := &handler{opt: o, feed: newFeed(rec, o)}
	h.hub.feed = h.feed
	var b bytes.Buffer
	if err := page.Write(&b, o.title, nil); err != nil {
		panic("live: " + err.Error()) // a buffer takes everything
	}
	h.page = b.Bytes()
	h.policy = policyOf(h.page)
	return h
}

// ServeHTTP serves by the last element of the path alone, so that it need not know where it is mounted.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	if !h.allow(w, r) {
		return
	}
	switch what := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; {
	case r.URL.Path == "" && !askedWithSlash(r):
		addSlash(w, r)
	case what == "":
		h.servePage(w, r)
	case what == "graph.json":
		h.serveGraph(w, r)
	case what == "events":
		h.serveEvents(w, r)
	case what == "call":
		h.serveCall(w, r)
	default:
		refuse(w, http.StatusNotFound, fmt.Sprintf("live: there is no %q; the page is at the path that ends in a slash, "+
			"and the handler must be mounted at one: http.Handle(\"/debug/dally/\", live.Handler(rec))", clip(r.URL.Path)))
	}
}

// askedWithSlash reports whether the browser's path ends in a slash, also where http.StripPrefix has taken it away.
func askedWithSlash(r *http.Request) bool {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	return strings.HasSuffix(asked, "/")
}

// addSlash sends the browser to the same path with a slash, which is what the page's addresses are relative to.
// http.StripPrefix takes that path away.
func addSlash(w http.ResponseWriter, r *http.Request) {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	w.Header().Set("Location", "./"+path.Base("/"+asked)+"/")
	w.WriteHeader(http.StatusMovedPermanently)
}

func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", h.policy)
	h.send(w, r, "text/html; charset=utf-8", h.page)
}

func (h *handler) serveGraph(w http.ResponseWriter, r *http.Request) {
	version, _ := strconv.Atoi(r.URL.Query().Get("v")) // anything else is none
	defer h.hub.letGo()
	k, err := h.feed.fetch(r.Context(), version)
	if err != nil {
		return // it went away
	}
	body := k.json
	w.Header().Set("Vary", "Accept-Encoding")
	if takesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		body = k.gzipped()
	}
	h.send(w, r, "application/json", body)
}

// send answers with the whole body, which may take as long as the client goes on reading.
func (h *handler) send(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	out := newStream(w)
	defer out.end()
	_ = out.write(body) // the client went away: nobody is left to be told
}

// takesGzip reports whether the client says so.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if coding = strings.TrimSpace(coding); coding != "gzip" && coding != "*" {
			continue
		}
		q := strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		n, err := strconv.ParseFloat(q, 64)
		return q == "" || err == nil && n > 0
	}
	return false
}

// policyOf is the policy that lets a page run the one script that is in it, and reach the server that it came from.
func policyOf(page []byte) string {
	return "default-src 'none'; script-src" + hashes(page, "script") + "; style-src 'unsafe-inline'; connect-src 'self'; " +
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// hashes lists the hashes of elements without attributes, as the policy names them.
func hashes(page []byte, element string) (list string) {
	open, end := []byte("<"+element+">"), []byte("</"+element+">")
	for {
		_, rest, ok := bytes.Cut(page, open)
		text, after, closed := bytes.Cut(rest, end)
		if !ok || !closed {
			break
		}
		sum := sha256.Sum256(text)
		list += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		page = after
	}
	if list == "" {
		return " 'none'"
	}
	return list
}
