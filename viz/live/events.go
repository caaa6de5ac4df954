package live

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

const (
	clientsMax = 32
	beatEvery  = 15 * time.Second // comments keep the connection open, and find out that it is not
	writeMax   = 20 * time.Second // for a piece of pieceMax
	pieceMax   = 64 << 10
)

// serveEvents sends events until the client goes away, or the server ends. It reads the log at the client's pace: what
// that does with its connection holds up this goroutine, and nothing else.
func (h *handler) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // some proxies would collect events
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	c, ok := h.hub.join(server)
	if !ok {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "live: 32 pages are open already: close one")
		return
	}
	defer h.hub.leave(c)
	out := newStream(w)
	defer out.end()
	if err := out.flush(); errors.Is(err, http.ErrNotSupported) {
		refuse(w, http.StatusInternalServerError, "live: the ResponseWriter cannot flush, which events need: if some code wraps it, "+
			"give the wrapper a method Unwrap() http.ResponseWriter, or mount the page outside of it")
		return
	}
	h.follow(r, c, out)
}

// follow sends what the log has from where the client's key ends.
func (h *handler) follow(r *http.Request, c *client, out *stream) {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	seq, ok := h.feed.from(time.Now())
	err := out.send([]byte(": this is a live page of dally\n\n"))
	if !ok {
		seq, err = h.again(out)
	}
	for err == nil {
		select {
		case <-c.bye:
			_ = out.send([]byte("event: bye\ndata: {}\n\n"))
			return
		case <-r.Context().Done():
			return
		default:
		}
		frames, more, ok := h.feed.log.read(seq)
		switch {
		case !ok:
			seq, err = h.again(out)
		case len(frames) > 0:
			err = out.send(frames...)
			seq += uint64(len(frames))
		default:
			select {
			case <-more:
			case <-c.bye:
			case <-r.Context().Done():
			case <-beat.C:
				err = out.send([]byte(": still here\n\n"))
			}
		}
	}
}

// again tells the client to begin anew.
func (h *handler) again(out *stream) (seq uint64, err error) {
	seq, told := h.feed.again()
	if told == nil {
		return seq, nil
	}
	return seq, out.send(told)
}

// hub has the clients, and the goroutine that makes frames while there are any.
type hub struct {
	feed *feed

	mu      sync.Mutex
	clients map[*client]struct{}  // Guarded by mu.
	stop    chan struct{}         // Guarded by mu. Ends the goroutine; nil: there is none
	ended   chan struct{}         // Guarded by mu. Closed when the last goroutine has ended
	servers map[*http.Server]bool // Guarded by mu. Those that tell of their end, and whether they have
	idle    *time.Timer           // Guarded by mu. Of letGo; nil before its first use
}

// client is an open page.
type client struct {
	server *http.Server
	bye    chan struct{} // closed when the page is to be told that the program ends
}

// join adds a client, unless there are too many.
func (b *hub) join(server *http.Server) (*client, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.clients) >= clientsMax {
		return nil, false
	}
	if b.clients == nil {
		b.clients, b.servers = map[*client]struct{}{}, map[*http.Server]bool{}
	}
	c := &client{server, make(chan struct{})}
	b.clients[c] = struct{}{}
	if over, known := b.servers[server]; over {
		close(c.bye) // its request was on the way when Shutdown began, which waits for it
	} else if server != nil && !known {
		b.servers[server] = false
		server.RegisterOnShutdown(func() { b.bye(server) }) // Shutdown waits for all requests: these end by it
	}
	if b.stop == nil {
		before := b.ended
		b.stop, b.ended = make(chan struct{}), make(chan struct{})
		go b.run(b.stop, b.ended, before, b.feed.watch()) // what runs once the client has its answer is in its pictures
	}
	return c, true
}

// leave takes the client away. After the last it waits until the goroutine has ended.
func (b *hub) leave(c *client) {
	b.mu.Lock()
	delete(b.clients, c)
	last := len(b.clients) == 0
	ended := b.ended
	if last {
		close(b.stop)
		b.stop = nil
	}
	b.mu.Unlock()
	if last {
		<-ended
	}
}

// letGo lets go, after a while, of what was kept for a client that listens to no events, such as curl.
func (b *hub) letGo() {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.stop != nil: // the goroutine will
	case b.idle == nil:
		b.idle = time.AfterFunc(servedFor, b.forget)
	default:
		b.idle.Reset(servedFor)
	}
}

func (b *hub) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop == nil {
		b.feed.reset()
	}
}

// bye ends all clients of a server; of nil, all.
func (b *hub) bye(server *http.Server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if server != nil {
		b.servers[server] = true
	}
	for c := range b.clients {
		if server == nil || c.server == server {
			closeOnce(c.bye)
		}
	}
}

// closeOnce needs a lock that all who close the channel hold.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// run makes frames until stop is closed. before is the goroutine before it, which may still be ending.
func (b *hub) run(stop, ended chan struct{}, before <-chan struct{}, unwatch func()) {
	defer close(ended)
	defer unwatch()
	if before != nil {
		<-before
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			b.feed.reset()
			return
		case <-timer.C:
			timer.Reset(b.feed.tick())
		}
	}
}

// stream writes to a client that may be slow. Each piece has a deadline of its own, whatever the server's are.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newStream(w http.ResponseWriter) *stream {
	s := &stream{w, http.NewResponseController(w)}
	_ = s.control.SetReadDeadline(time.Time{}) // the server's ReadTimeout would end the request; not all writers know it
	return s
}

// send writes all frames, and sees that they go out.
func (s *stream) send(frames ...[]byte) error {
	for _, frame := range frames {
		if err := s.write(frame); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *stream) write(b []byte) error {
	for len(b) > 0 {
		piece := b[:min(len(b), pieceMax)]
		_ = s.control.SetWriteDeadline(time.Now().Add(writeMax))
		if _, err := s.w.Write(piece); err != nil {
			return err
		}
		b = b[len(piece):]
	}
	return nil
}

func (s *stream) flush() error {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeMax))
	return s.control.Flush()
}

// end takes the deadline away: the connection may be used again.
func (s *stream) end() { _ = s.control.SetWriteDeadline(time.Time{}) }
