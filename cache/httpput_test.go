package cache_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
)

// putLies are what a server may do with a PUT.
var putLies = []struct {
	name   string
	tell   func(s *server, w http.ResponseWriter, r *http.Request)
	silent bool // Put cannot know of it
	wait   time.Duration
}{
	{"drops it", func(_ *server, w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }, true, 0},
	{"drops it, with 201", func(_ *server, w http.ResponseWriter, r *http.Request) { w.WriteHeader(201) }, true, 0},
	{"silence", func(s *server, _ http.ResponseWriter, _ *http.Request) { <-s.gone }, false, timeout},
	{"silence at the end", func(s *server, _ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-s.gone
	}, false, timeout},
	{"reads a byte a second", func(s *server, _ http.ResponseWriter, r *http.Request) {
		for range 1000 {
			_, _ = r.Body.Read(make([]byte, 1))
			time.Sleep(time.Second)
		}
	}, false, 2 * timeout},
	{"hangs up", func(*server, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false, 0},
	{"hangs up in the middle", func(_ *server, _ http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, 100)
		panic(http.ErrAbortHandler)
	}, false, 0},
	{"no HTTP", func(_ *server, w http.ResponseWriter, _ *http.Request) { raw(w, "220 mail here\r\n") }, false, 0},
	{"endless error", func(s *server, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		s.drip(w, make([]byte, 1000), time.Second)
	}, false, timeout},
	{"redirect that would be a GET", func(_ *server, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}, false, 0},
	{"redirect of a PUT", func(_ *server, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}, false, 0},
	{"400", func(_ *server, w http.ResponseWriter, r *http.Request) { w.WriteHeader(400) }, false, 0},
	{"404", func(_ *server, w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) }, false, 0},
	{"503", func(_ *server, w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }, false, 0},
}

func TestHTTPLiesAboutWhatItTakes(t *testing.T) {
	for _, lie := range putLies {
		for _, kind := range []string{"/ac/", "/cas/"} {
			t.Run(lie.name+kind, func(t *testing.T) {
				bubble(t, func(t *testing.T, s *server, store cache.Store) {
					former, e := named("a", largeLen), named("a", largeLen+1)
					require.NoError(t, store.Put(t.Context(), former, text{}))
					s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
						if r.Method != http.MethodPut || !strings.HasPrefix(r.URL.Path, kind) {
							return false
						}
						lie.tell(s, w, r)
						return true
					})
					start := time.Now()
					err := store.Put(t.Context(), e, text{})
					require.LessOrEqual(t, time.Since(start), lie.wait)
					if lie.silent {
						require.NoError(t, err)
					} else {
						requireBlamed(t, err)
					}
					if got, err := fetch(t.Context(), store, e.Meta.Key); err == nil {
						require.Equal(t, textOf(t, former), got)
					}
					s.setLie(nil)
					time.Sleep(10 * time.Minute)
					require.NoError(t, store.Put(t.Context(), e, text{}))
					got, err := fetch(t.Context(), store, e.Meta.Key)
					require.NoError(t, err)
					require.Equal(t, textOf(t, e), got)
				})
			})
		}
	}
}

// A connection that is slow, but no slower than may be, takes its time.
func TestHTTPSlowIsNotTooSlow(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		const chunk = 64 << 10
		pause := timeout / (cache.PaceBytes/chunk + 1)
		s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				r.Body = io.NopCloser(slowReader{r.Body, chunk, pause})
				return false
			}
			b := s.at(r.URL.Path)
			w.Header().Set("Content-Length", strconv.Itoa(len(b)))
			for len(b) > 0 {
				n, _ := w.Write(b[:min(chunk, len(b))])
				flush(w)
				b = b[n:]
				time.Sleep(pause)
			}
			return true
		})
		e := named("a", 5<<20)
		start := time.Now()
		require.NoError(t, store.Put(t.Context(), e, text{}))
		require.Greater(t, time.Since(start), 5*timeout)
		start = time.Now()
		got, err := fetch(t.Context(), store, e.Meta.Key)
		require.NoError(t, err)
		require.Equal(t, textOf(t, e), got)
		require.Greater(t, time.Since(start), 5*timeout)
	})
}

// slowReader pauses after so many bytes.
type slowReader struct {
	io.Reader
	chunk int
	pause time.Duration
}

func (r slowReader) Read(b []byte) (int, error) {
	n, err := io.ReadFull(r.Reader, b[:min(len(b), r.chunk)])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	time.Sleep(r.pause * time.Duration(n) / time.Duration(r.chunk))
	return n, err
}

// How long it takes to decode is not the server's fault, nor is how long it takes to encode.
func TestHTTPSlowCodec(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		e := named("a", largeLen)
		require.NoError(t, store.Put(t.Context(), e, slowText{}))
		got, err := store.Get(t.Context(), e.Meta.Key, slowText{})
		require.NoError(t, err)
		require.Equal(t, textOf(t, e), textOf(t, got))
	})
}

// slowText is text that takes a minute for every 100,000 bytes.
type slowText struct{}

func (slowText) Encode(w io.Writer, v any) error {
	time.Sleep(time.Minute)
	return text{}.Encode(w, v)
}

func (slowText) Decode(r io.Reader) (any, error) {
	b, err := io.ReadAll(slowReader{r, 100_000, time.Minute})
	return string(b), err
}

func TestHTTPReadOnly(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		require.NoError(t, store.Put(t.Context(), named("a", largeLen), text{}))
		require.ErrorIs(t, store.Put(t.Context(), named("a", largeLen), nil), cache.ErrStays)
		misses(t, store, 1)
		require.Equal(t, 1, s.count(""))
	}, cache.ReadOnly())
}

func TestHTTPTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		s.setLie(func(http.ResponseWriter, *http.Request) bool { <-s.gone; return true })
		start := time.Now()
		misses(t, store, 1)
		require.Equal(t, time.Minute, time.Since(start))
	}, cache.Timeout(time.Minute))
}

func TestHTTPCancel(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		large := named("a", largeLen)
		require.NoError(t, store.Put(t.Context(), large, text{}))
		e, err := store.Get(t.Context(), large.Meta.Key, text{})
		require.NoError(t, err)
		s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
			flush(w)
			<-s.gone
			return true
		})
		for name, call := range map[string]func(ctx context.Context) error{
			"get":   func(ctx context.Context) error { _, err := store.Get(ctx, namedKey("b"), text{}); return err },
			"value": func(ctx context.Context) error { _, err := e.Value(ctx); return err },
			"put": func(ctx context.Context) error {
				s.setLie(func(http.ResponseWriter, *http.Request) bool { <-s.gone; return true })
				return store.Put(ctx, large, text{})
			},
		} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLeft)
			start := time.Now()
			require.ErrorIs(t, call(ctx), errLeft, name)
			require.Equal(t, time.Second, time.Since(start), name)
			cancel()
		}
	})
}

var errLeft = errors.New("does not wait any longer")

// A connection that the server has closed meanwhile is no failure, also for Put.
func TestHTTPStaleConnection(t *testing.T) {
	served := httptest.NewServer(newServer())
	defer served.Close()
	store, err := cache.OpenHTTP(served.URL)
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, store.Put(t.Context(), named("a", 3*cache.SpoolMemory), text{}))
		served.CloseClientConnections()
		_, err := fetch(t.Context(), store, named("a", 0).Meta.Key)
		require.NoError(t, err)
		served.CloseClientConnections()
	}
}

func TestHTTPReusesConnections(t *testing.T) {
	s, conns := newServer(), make(chan struct{}, 1000)
	served := httptest.NewUnstartedServer(s)
	served.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns <- struct{}{}
		}
	}
	served.Start()
	defer served.Close()
	store, err := cache.OpenHTTP(served.URL)
	require.NoError(t, err)
	for range 20 {
		require.NoError(t, store.Put(t.Context(), named("a", largeLen), text{}))
		_, err := fetch(t.Context(), store, named("a", 0).Meta.Key)
		require.NoError(t, err)
		misses(t, store, 1)
		s.down("PUT", http.StatusInsufficientStorage)
		require.Error(t, store.Put(t.Context(), named("a", smallLen), text{}))
		s.setLie(nil)
	}
	// net/http gives a connection up if a request that was refused is not written to its end within 50 ms, which happens
	// on a busy machine. If none were reused, there would be one for each of the 80 requests.
	require.Less(t, len(conns), 5)
}

// A large value passes through, in both directions.
func TestHTTPLargeValues(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const size = 64 << 20
	s := newServer()
	sum := sha256.New()
	require.NoError(t, zeros{}.Encode(sum, int64(size)))
	path := "/cas/" + hex.EncodeToString(sum.Sum(nil))
	s.setLie(func(w http.ResponseWriter, r *http.Request) bool { // a server that keeps nothing of it
		switch {
		case strings.HasPrefix(r.URL.Path, "/ac/") && r.Method == http.MethodPut:
			return false
		case strings.HasPrefix(r.URL.Path, "/ac/"):
			_, _ = w.Write(s.at(r.URL.Path))
		case r.URL.Path != path:
			w.WriteHeader(http.StatusBadRequest)
		case r.Method == http.MethodPut:
			n, _ := zeros{}.Decode(r.Body)
			if n != int64(size) || r.ContentLength != size {
				w.WriteHeader(http.StatusBadRequest)
			}
		default:
			_ = zeros{}.Encode(w, int64(size))
		}
		return true
	})
	served := httptest.NewServer(s)
	defer served.Close()
	store, err := cache.OpenHTTP(served.URL)
	require.NoError(t, err)

	m := &cache.Meta{Key: namedKey("large")}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, store.Put(t.Context(), cache.NewEntry(m, int64(size)), zeros{}))
	e, err := store.Get(t.Context(), m.Key, zeros{})
	require.NoError(t, err)
	v, err := e.Value(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, size, v)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(size/4), "all that was allocated, at any time")
	require.EqualValues(t, size, e.Meta.Size)

	left, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Empty(t, left, "temporary files")
}

// The temporary file goes whatever happens.
func TestHTTPTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		e := named("a", 3*cache.SpoolMemory)
		require.ErrorContains(t, store.Put(t.Context(), e, failingText{}), "half")
		s.setLie(func(http.ResponseWriter, *http.Request) bool { <-s.gone; return true })
		require.Error(t, store.Put(t.Context(), e, text{}))
		s.down("", 500)
		require.Error(t, store.Put(t.Context(), e, text{}))
	})
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)

	require.NoError(t, os.Remove(dir))
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		require.ErrorIs(t, store.Put(t.Context(), named("a", 3*cache.SpoolMemory), text{}), os.ErrNotExist)
		require.NoError(t, store.Put(t.Context(), named("a", cache.SpoolMemory), text{}))
	})
}

// failingText writes a half and fails.
type failingText struct{ text }

func (failingText) Encode(w io.Writer, v any) error {
	s := v.(string)
	_, err := io.WriteString(w, s[:len(s)/2])
	return errors.Join(err, errors.New("half of it"))
}

// What has gone wrong in writing stays so, even if the codec does not look.
func TestHTTPCodecThatIgnoresErrors(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		err := store.Put(t.Context(), named("a", 3*cache.SpoolMemory), carelessText{})
		require.ErrorIs(t, err, os.ErrNotExist)
		require.Zero(t, s.count(""))
	})
}

// carelessText writes piece by piece and does not look at errors.
type carelessText struct{ text }

func (carelessText) Encode(w io.Writer, v any) error {
	for s := v.(string); s != ""; s = s[min(len(s), 1000):] {
		_, _ = io.WriteString(w, s[:min(len(s), 1000)])
	}
	return nil
}

func TestHTTPCancelWhileEncoding(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := store.Put(ctx, cache.NewEntry(&cache.Meta{Key: namedKey("a")}, func() { cancel(errLeft) }), endless{})
		require.ErrorIs(t, err, errLeft)
		require.Zero(t, s.count(""))
	})
}

// endless is a codec of functions, of which it writes no end; it calls them in the middle.
type endless struct{ text }

func (endless) Encode(w io.Writer, v any) error {
	for i := 0; ; i++ {
		if i == 100 {
			v.(func())()
		}
		if _, err := w.Write(make([]byte, 1000)); err != nil {
			return err
		}
	}
}

// zeros is a codec of numbers, of which there are so many zeros.
type zeros struct{}

func (zeros) Encode(w io.Writer, v any) error {
	b := make([]byte, 64<<10)
	for left := v.(int64); left > 0; left -= int64(len(b)) {
		if _, err := w.Write(b[:min(left, int64(len(b)))]); err != nil {
			return err
		}
	}
	return nil
}

func (zeros) Decode(r io.Reader) (any, error) { return io.Copy(io.Discard, r) }

// What is there is not sent again, if it is large. If it is not what it should be, it is.
func TestHTTPSendsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		one, two := named("a", 2*cache.SpoolMemory), named("a", 2*cache.SpoolMemory)
		two.Meta = &cache.Meta{Key: namedKey("b")}
		require.NoError(t, store.Put(t.Context(), one, text{}))
		require.NoError(t, store.Put(t.Context(), two, text{}))
		require.Equal(t, 1, s.count("PUT /cas/"))
		got, err := fetch(t.Context(), store, two.Meta.Key)
		require.NoError(t, err)
		require.Equal(t, textOf(t, one), got)

		for _, damage := range []func(b []byte) []byte{
			func(b []byte) []byte { b[len(b)/2]++; return b },
			func(b []byte) []byte { return b[1:] },
		} {
			before := s.count("PUT /cas/")
			s.change("/cas/", damage)
			for range 2 {
				_, err = fetch(t.Context(), store, two.Meta.Key)
				require.Error(t, err)
			}
			require.NoError(t, store.Put(t.Context(), two, text{}))
			require.NoError(t, store.Put(t.Context(), one, text{}))
			require.Equal(t, before+1, s.count("PUT /cas/"))
			_, err = fetch(t.Context(), store, one.Meta.Key)
			require.NoError(t, err)
		}
	})
}

// A server that has no HEAD, or does not know its answer, gets what it might have had.
func TestHTTPNoHead(t *testing.T) {
	for _, code := range []int{200, 204, 302, 401, 404, 405, 500} {
		bubble(t, func(t *testing.T, s *server, store cache.Store) {
			s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodHead {
					w.WriteHeader(code)
				}
				return r.Method == http.MethodHead
			})
			e := named("a", 2*cache.SpoolMemory)
			for range 5 {
				require.NoError(t, store.Put(t.Context(), e, text{}))
				_, err := fetch(t.Context(), store, e.Meta.Key)
				require.NoError(t, err)
			}
			require.Equal(t, 5, s.count("PUT /cas/"))
		})
	}
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		s.setLie(func(http.ResponseWriter, *http.Request) bool { <-s.gone; return true })
		start := time.Now()
		requireBlamed(t, store.Put(t.Context(), named("a", 2*cache.SpoolMemory), text{}))
		require.Equal(t, timeout, time.Since(start))
	})
}

// change changes what is kept under paths that begin with prefix.
func (s *server) change(prefix string, f func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, b := range s.blobs {
		if strings.HasPrefix(path, prefix) {
			s.blobs[path] = f(b)
		}
	}
}

// A server that refuses a large value at once, and hangs up, is heard, and not taken for one that is down.
func TestHTTPRefusesBeforeTheBody(t *testing.T) {
	const size = 8 << 20
	for _, tt := range []struct {
		code int
		want string
	}{{413, "413 Request Entity Too Large"}, {507, "507 Insufficient Storage"}, {401, "nothing is put there"}} {
		s := newServer()
		s.down("PUT", tt.code)
		served := httptest.NewServer(s)
		store, err := cache.OpenHTTP(served.URL)
		require.NoError(t, err)
		e := cache.NewEntry(&cache.Meta{Key: namedKey("a")}, int64(size))
		for range 5 {
			err := store.Put(t.Context(), e, zeros{})
			require.ErrorContains(t, err, tt.want)
			if tt.code == 401 {
				break // nothing is asked any more
			}
		}
		served.Close()
	}
}
