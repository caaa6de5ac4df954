package live_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/record"
)

func TestListen(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	for addr, want := range map[string]string{
		"": "http://127.0.0.1:", ":0": "http://127.0.0.1:", "0": "http://127.0.0.1:", "localhost": "http://localhost:", "127.0.0.1:": "http://127.0.0.1:",
		"localhost:0": "http://localhost:", "0.0.0.0:0": "http://localhost:",
	} {
		s, err := live.Listen(addr, rec)
		require.NoError(t, err, addr)
		require.True(t, strings.HasPrefix(s.URL(), want) && strings.HasSuffix(s.URL(), "/"), "%q: %s", addr, s.URL())
		p := open(t, s.URL())
		require.NoError(t, s.Close())
		for !p.bye {
			require.NotEmpty(t, p.next(), "no bye")
		}
		require.NoError(t, s.Close(), "once more")
		p.close()
	}
	for _, addr := range []string{"http://localhost:80", "localhost:http", "a b:1", "1:2:3", ":65536", "99999", "::1", "*:80", "[::1"} {
		_, err := live.Listen(addr, rec)
		require.ErrorContains(t, err, `want a port or a host and a port: "8080"`, addr)
	}
}

// Only an address that is written out in full is open to others, and then known by its name.
func TestListenHosts(t *testing.T) {
	leak.Check(t)
	s, err := live.Listen("", record.New())
	require.NoError(t, err)
	defer s.Close()
	host := strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/")
	_, port, err := net.SplitHostPort(host)
	require.NoError(t, err)
	_, err = live.Listen(host, record.New())
	require.ErrorContains(t, err, `live: listen at "`+host+`"`)
	require.Equal(t, 403, status(t, s.URL(), "192.168.7.7:"+port))

	all, err := live.Listen("0.0.0.0:0", record.New())
	require.NoError(t, err)
	defer all.Close()
	require.Equal(t, 200, status(t, all.URL(), "192.168.7.7:"+port), "any address is one of this machine's")
	require.Equal(t, 403, status(t, all.URL(), "evil.example"))
}

func status(t *testing.T, url, host string) int {
	r, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	r.Host = host
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// safe is a buffer that several goroutines may use.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestListenAndServe(t *testing.T) {
	leak.Check(t)
	var log safe
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, live.ListenAndServe(ctx, "", record.New()))
	require.Contains(t, log.String(), "url=http://127.0.0.1:")
	require.Error(t, live.ListenAndServe(context.Background(), "nonsense:x", record.New()))
}

// Shutdown of any server that the page is mounted in ends its events, and others' go on.
func TestShutdown(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	h := live.Handler(rec)
	one, two := httptest.NewServer(h), httptest.NewServer(h)
	defer two.Close()
	p, q := open(t, one.URL+"/"), open(t, two.URL+"/")
	ended := make(chan error)
	go func() { ended <- one.Config.Shutdown(context.Background()) }()
	for !p.bye {
		require.NotEmpty(t, p.next(), "no bye")
	}
	require.Empty(t, p.next())
	p.close()
	require.NoError(t, <-ended)
	one.Close()
	top := tree(10, nil)
	_, err := top.Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
	require.NoError(t, err)
	q.agrees(rec, lazy.Snapshot(top))
	q.close()
}

// Beyond 32 pages a client is told to come again; when one goes, another may come.
func TestTooManyPages(t *testing.T) {
	leak.Check(t)
	url := serve(t, record.New())
	var pages []*page
	for range 32 {
		p := newPage(t, url)
		p.connect()
		pages = append(pages, p)
	}
	extra := newPage(t, url)
	answer, err := extra.client.Get(url + "events")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	for _, p := range pages {
		p.close()
	}
	for { // the server learns of it by and by
		answer, err = extra.client.Get(url + "events")
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		if answer.StatusCode == http.StatusOK {
			break
		}
	}
}

// plainWriter can do nothing but write.
type plainWriter struct{ http.ResponseWriter }

func TestWriterWithoutFlush(t *testing.T) {
	leak.Check(t)
	h := live.Handler(record.New())
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://localhost/events", nil)
	h.ServeHTTP(plainWriter{w}, r)
	require.Equal(t, 500, w.Code)
	require.Contains(t, w.Body.String(), "Unwrap() http.ResponseWriter")
}
