package cache_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
)

const (
	smallLen = 1000
	largeLen = 300_000
	timeout  = 5 * time.Second
)

// lies are what a server may do instead of answering a GET. The last argument is what it would have sent.
var lies = []struct {
	name string
	tell func(s *server, w http.ResponseWriter, r *http.Request, truth []byte)
	// wait is how long a Get and its Value may last at most, together.
	wait time.Duration
}{
	{"wrong byte in the middle", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		truth = bytes.Clone(truth)
		truth[len(truth)/2] ^= 1
		_, _ = w.Write(truth)
	}, 0},
	{"wrong byte at the end", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		truth = bytes.Clone(truth)
		truth[len(truth)-1] ^= 1
		_, _ = w.Write(truth)
	}, 0},
	{"cut off, and says so", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		_, _ = w.Write(truth[:len(truth)/2])
	}, 0},
	{"cut off, in chunks", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		flush(w)
		_, _ = w.Write(truth[:len(truth)/2])
	}, 0},
	{"cut off, and does not say so", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(truth)))
		_, _ = w.Write(truth[:len(truth)/2])
	}, 0},
	{"longer", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		_, _ = w.Write(append(bytes.Clone(truth), 'x'))
	}, 0},
	{"longer, in chunks", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		flush(w)
		_, _ = w.Write(append(bytes.Clone(truth), 'x'))
	}, 0},
	{"longer than its length", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		raw(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(truth)-1, truth)
	}, 0},
	{"another's", func(s *server, w http.ResponseWriter, r *http.Request, _ []byte) {
		_, _ = w.Write(s.another(r.URL.Path))
	}, 0},
	{"another kind", func(s *server, w http.ResponseWriter, r *http.Request, _ []byte) {
		_, _ = w.Write(s.another(strings.Replace("/cas/x/ac/x", r.URL.Path[:4], "", 1)))
	}, 0},
	{"empty", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(200) }, 0},
	{"no content", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(204) }, 0},
	{"a part", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(truth)
	}, 0},
	{"endless", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		_, err := w.Write(truth)
		for err == nil {
			_, err = w.Write(make([]byte, 32<<10))
		}
	}, 0},
	{"endless of nothing", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) {
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 32<<10))
		}
	}, 0},
	{"a byte a minute", func(s *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		s.drip(w, truth, time.Minute)
	}, timeout},
	{"a byte a second", func(s *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		s.drip(w, truth, time.Second)
	}, timeout},
	{"silence", func(s *server, _ http.ResponseWriter, _ *http.Request, _ []byte) { <-s.gone }, timeout},
	{"silence after the header", func(s *server, w http.ResponseWriter, _ *http.Request, _ []byte) {
		flush(w)
		<-s.gone
	}, timeout},
	{"silence in the middle", func(s *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(truth)))
		_, _ = w.Write(truth[:len(truth)/2])
		flush(w)
		<-s.gone
	}, timeout},
	{"silence at the end", func(s *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		_, _ = w.Write(truth)
		flush(w)
		<-s.gone
	}, timeout},
	{"hangs up", func(*server, http.ResponseWriter, *http.Request, []byte) { panic(http.ErrAbortHandler) }, 0},
	{"hangs up in the middle", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		_, _ = w.Write(truth[:len(truth)/2])
		flush(w)
		panic(http.ErrAbortHandler)
	}, 0},
	{"no HTTP", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) { raw(w, "220 mail here\r\n") }, 0},
	{"endless header", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) {
		raw(w, "HTTP/1.1 200 OK\r\nA: %s", strings.Repeat("a", 1<<20))
	}, 0},
	{"only interim answers", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) {
		raw(w, "%s", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 10_000))
	}, timeout},
	{"500", status(500), 0},
	{"502", status(502), 0},
	{"503", status(503), 0},
	{"401", status(401), 0},
	{"403", status(403), 0},
	{"404", status(404), 0},
	{"410", status(410), 0},
	{"429", status(429), 0},
	{"418", status(418), 0},
	{"599", status(599), 0},
	{"404 that drips", func(s *server, w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.WriteHeader(404)
		s.drip(w, make([]byte, 1000), time.Second)
	}, timeout / 10},
	{"page", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) {
		_, _ = w.Write([]byte("<!DOCTYPE html><html><title>Sign in</title></html>"))
	}, 0},
	{"redirects for ever", func(_ *server, w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}, 0},
	{"redirects to another host", func(_ *server, w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, "http://other.test"+r.URL.Path, http.StatusTemporaryRedirect)
	}, 0},
	{"redirects to nowhere", func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Location", "http://[::"+strings.Repeat("x", 10_000))
		w.WriteHeader(http.StatusFound)
	}, 0},
	{"gzip", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(truth)
		_ = z.Close()
	}, 0},
	{"gzip that is none", func(_ *server, w http.ResponseWriter, _ *http.Request, truth []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(truth)
	}, 0},
}

func status(code int) func(*server, http.ResponseWriter, *http.Request, []byte) {
	return func(_ *server, w http.ResponseWriter, _ *http.Request, _ []byte) { http.Error(w, "status", code) }
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// raw answers with anything, and hangs up.
func raw(w http.ResponseWriter, format string, args ...any) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_, _ = fmt.Fprintf(conn, format, args...)
		_ = conn.Close()
	}
}

// drip sends a byte at a time.
func (s *server) drip(w http.ResponseWriter, b []byte, pause time.Duration) {
	for i := range b {
		if _, err := w.Write(b[i : i+1]); err != nil {
			return
		}
		flush(w)
		select {
		case <-time.After(pause):
		case <-s.gone:
			return
		}
	}
}

// another returns what is kept of the same kind under another path than this one.
func (s *server) another(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, b := range s.blobs {
		if p != path && p[:4] == path[:4] {
			return b
		}
	}
	return nil
}

const (
	password = "s3cr3t/w0rd"
	token    = "t0k3n"
)

// bubble runs a test with a store on a server, in a bubble with a clock of its own.
func bubble(t *testing.T, f func(t *testing.T, s *server, store cache.Store), opts ...cache.HTTPOption) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		client, end := s.onPipes()
		defer end()
		opts := append(opts, cache.Client(client), cache.Header("X-Token", token))
		store, err := cache.OpenHTTP("http://bob:s3cr3t%2Fw0rd@cache.test", opts...)
		require.NoError(t, err)
		f(t, s, store)
	})
}

// putAll puts entries of both sizes, two of each.
func putAll(t *testing.T, store cache.Store) {
	for _, name := range []string{"a", "b"} {
		for _, size := range []int{smallLen, largeLen} {
			require.NoError(t, store.Put(t.Context(), named(fmt.Sprint(name, size), size), text{}))
		}
	}
}

func TestHTTPLiesAboutWhatItHas(t *testing.T) {
	for _, lie := range lies {
		for _, kind := range []string{"/ac/", "/cas/"} {
			for _, size := range []int{smallLen, largeLen} {
				if kind == "/cas/" && size == smallLen {
					continue // it is in the record
				}
				t.Run(fmt.Sprint(lie.name, kind, size), func(t *testing.T) {
					bubble(t, func(t *testing.T, s *server, store cache.Store) {
						putAll(t, store)
						want := named(fmt.Sprint("a", size), size)
						s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
							if !strings.HasPrefix(r.URL.Path, kind) {
								return false
							}
							lie.tell(s, w, r, s.at(r.URL.Path))
							return true
						})
						start := time.Now()
						got, err := fetch(t.Context(), store, want.Meta.Key)
						require.LessOrEqual(t, time.Since(start), lie.wait)
						if lie.name == "wrong byte at the end" && kind == "/ac/" {
							require.NoError(t, err, "it is in what the server has added")
							require.Equal(t, textOf(t, want), got)
						} else {
							requireBlamed(t, err)
							require.Empty(t, got)
						}

						s.setLie(nil)
						time.Sleep(10 * time.Minute) // whatever it thinks of the server, it tries again
						got, err = fetch(t.Context(), store, want.Meta.Key)
						require.NoError(t, err)
						require.Equal(t, textOf(t, want), got)
					})
				})
			}
		}
	}
}

// requireBlamed wants an error that shows nothing secret, and is not about the caller.
func requireBlamed(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotErrorIs(t, err, context.Canceled)
	require.Less(t, len(err.Error()), 1000)
	for _, secret := range []string{"bob", "s3cr3t", "w0rd", token, "Basic", "Ym9i"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func TestHTTPCorruptIsSaid(t *testing.T) {
	for _, name := range []string{
		"wrong byte in the middle", "cut off, and says so", "cut off, in chunks", "longer", "longer, in chunks",
		"another's", "another kind", "page", "empty", "endless of nothing",
	} {
		for _, kind := range []string{"/ac/", "/cas/"} {
			t.Run(name+kind, func(t *testing.T) {
				bubble(t, func(t *testing.T, s *server, store cache.Store) {
					putAll(t, store)
					s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
						for _, lie := range lies {
							if lie.name == name && strings.HasPrefix(r.URL.Path, kind) {
								lie.tell(s, w, r, s.at(r.URL.Path))
								return true
							}
						}
						return false
					})
					_, err := fetch(context.Background(), store, named(fmt.Sprint("a", largeLen), 0).Meta.Key)
					require.ErrorIs(t, err, cache.ErrCorrupt)
				})
			})
		}
	}
}

// A result whose record is in order but whose blob is another's, or is missing, or should not be there, is damaged: the
// blob itself is whole.
func TestHTTPBlobOfAnother(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		putAll(t, store)
		at := func(name string) []byte { return s.at("/ac/" + namedKey(name).String()) }
		large, small := fmt.Sprint("a", largeLen), fmt.Sprint("a", smallLen)
		for name, from := range map[string]string{large: fmt.Sprint("b", largeLen), small: large} {
			for _, pair := range [][2]string{{name, from}, {from, name}} {
				forged := cache.ForgeResult(at(pair[0]), at(pair[1]))
				s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == "/ac/"+namedKey(pair[0]).String() {
						_, _ = w.Write(forged)
						return true
					}
					return false
				})
				_, err := fetch(t.Context(), store, namedKey(pair[0]))
				require.ErrorIs(t, err, cache.ErrCorrupt)
				require.ErrorContains(t, err, "another value")
			}
		}
	})
}
