package cache_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
)

// server is a server as it should be: it keeps blobs only under their sum, and action results only if they are some, to
// which it adds something. It does not show a result whose blob is gone.
type server struct {
	mu       sync.Mutex
	blobs    map[string][]byte // Guarded by mu. By path.
	requests []string          // Guarded by mu. The method and path of each.
	// lie answers a request in place of the server, if it is not nil and returns true. Guarded by mu.
	lie func(w http.ResponseWriter, r *http.Request) bool
	// gone is closed at the end of the test, for handlers that hang.
	gone chan struct{}
}

func newServer() *server {
	return &server{blobs: make(map[string][]byte), gone: make(chan struct{})}
}

var blobPath = regexp.MustCompile(`^/(ac|cas)/[0-9a-f]{64}$`)

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	lie := s.lie
	s.mu.Unlock()
	switch {
	case lie != nil && lie(w, r):
	case !blobPath.MatchString(r.URL.Path) || r.URL.RawQuery != "":
		http.Error(w, "no such path", http.StatusBadRequest)
	case r.Header.Get("Accept-Encoding") != "identity":
		http.Error(w, "would be encoded", http.StatusNotAcceptable)
	case r.Method == http.MethodPut:
		s.put(w, r)
	default:
		s.get(w, r)
	}
}

func (s *server) put(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil || r.ContentLength != int64(len(b)) {
		http.Error(w, "length", http.StatusBadRequest)
		return
	}
	sum := sha256.Sum256(b)
	if hash, ok := strings.CutPrefix(r.URL.Path, "/cas/"); ok && hash != hex.EncodeToString(sum[:]) {
		http.Error(w, "other sum", http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/ac/") {
		if _, _, err := cache.CheckActionResult(b); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		b = append(b, "\x4a\x08\x0a\x06worker"...)
	}
	s.mu.Lock()
	s.blobs[r.URL.Path] = b
	s.mu.Unlock()
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	b := s.at(r.URL.Path)
	if b != nil && strings.HasPrefix(r.URL.Path, "/ac/") {
		hash, size, err := cache.CheckActionResult(b)
		if err != nil || hash != "" && int64(len(s.at("/cas/"+hash))) != size {
			b = nil
		}
	}
	if b == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // nobody may be there any more
}

func (s *server) at(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blobs[path]
}

func (s *server) setLie(lie func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lie = lie
}

// count returns how many requests there were whose method and path begin with prefix.
func (s *server) count(prefix string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

// pipes is a network of net.Pipe, which works in a bubble of testing/synctest.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// onPipes serves over pipes, and returns a client for it. end ends all of it, and waits for it.
func (s *server) onPipes() (client *http.Client, end func()) {
	p := &pipes{make(chan net.Conn), make(chan struct{})}
	served := &http.Server{Handler: s}
	stopped := make(chan error)
	go func() { stopped <- served.Serve(p) }()
	transport := cache.NewTransport()
	transport.DialContext = p.dial
	transport.Proxy = nil
	return &http.Client{Transport: transport}, func() {
		transport.CloseIdleConnections()
		close(s.gone)
		_ = served.Close()
		<-stopped
		time.Sleep(time.Hour) // of the bubble: connections linger, and handlers see that all is gone
	}
}

// text is a codec of strings, which takes any bytes.
type text struct{}

func (text) Encode(w io.Writer, v any) error {
	_, err := io.WriteString(w, v.(string))
	return err
}

func (text) Decode(r io.Reader) (any, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}

func namedKey(s string) cache.Key { return sha256.Sum256([]byte(s)) }

// named returns an entry whose value is size bytes that depend on name.
func named(name string, size int) cache.Entry {
	value := bytes.Repeat([]byte(name+","), size/(len(name)+1)+1)[:size]
	return cache.NewEntry(&cache.Meta{Key: namedKey(name), Function: "main." + name}, string(value))
}

func textOf(t testing.TB, e cache.Entry) string {
	v, err := e.Value(context.Background())
	require.NoError(t, err)
	return v.(string)
}

// fetch gets an entry and its value.
func fetch(ctx context.Context, s cache.Store, key cache.Key) (string, error) {
	e, err := s.Get(ctx, key, text{})
	if err != nil {
		return "", err
	}
	v, err := e.Value(ctx)
	if err != nil {
		return "", err
	}
	return v.(string), nil
}
