package cache_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/cache/cachetest"
	"github.com/dally-go/dally/internal/leak"
)

func TestHTTPIsAStore(t *testing.T) {
	leak.Check(t)
	cachetest.Run(t, func(t *testing.T) cache.Store {
		served := httptest.NewServer(newServer())
		t.Cleanup(served.Close)
		s, err := cache.OpenHTTP(served.URL)
		require.NoError(t, err)
		return s
	}, cachetest.Bytes())
}

// It needs a server that keeps the instances of one URL apart: bazel-remote does with --enable_ac_key_instance_mangling.
func TestHTTPRealServer(t *testing.T) {
	url := os.Getenv("DALLY_BAZEL_REMOTE")
	if url == "" {
		t.Skip("no URL of a server in DALLY_BAZEL_REMOTE")
	}
	cachetest.Run(t, func(t *testing.T) cache.Store {
		s, err := cache.OpenHTTP(url + "/" + rand.Text())
		require.NoError(t, err)
		return s
	}, cachetest.Bytes())
}

func TestOpenHTTPRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"":                                   `cache: open "": not a URL that begins with http:// or https://`,
		"cache.test/x":                       `cache: open "cache.test/x": not a URL that begins with http:// or https://`,
		"cache.test:8080":                    `cache: open "cache.test:8080": `,
		"ftp://cache.test":                   `cache: open "ftp://cache.test": not a URL that begins with`,
		"http://":                            `cache: open "http://": no host in the URL`,
		"http:///path":                       `cache: open "http:///path": no host in the URL`,
		"http://:8080":                       `cache: open "http://:8080": no host in the URL`,
		"http://cache.test?token=s3cr3t":     `cache: open "http://cache.test?token=s3cr3t": a URL with ? or #`,
		"http://cache.test/#x":               `cache: open "http://cache.test/#x": a URL with ? or #`,
		"http://cache test":                  `cache: open "http://cache test": invalid character " " in host name`,
		"http://bob:s3cr3t@cache test":       `cache: open "http://xxxxx@cache test": not a URL`,
		"http://bob:s3/cr3t@cache.test":      `cache: open "http://xxxxx@cache.test": not a URL`,
		"http://bob:8080/s3cr3t@cache.test":  `cache: open "http://xxxxx@cache.test": an @ in the path`,
		"ftp://bob:s3cr3t@cache.test":        `cache: open "ftp://xxxxx@cache.test": not a URL that`,
		"bob:s3cr3t@cache.test":              `cache: open "xxxxx@cache.test": not a URL`,
		"http://bob:s3cr3t@%zz@cache.test":   `cache: open "http://xxxxx@cache.test": not a URL`,
		"http://bob:s3cr3t@cache.test?x=a@b": `cache: open "http://xxxxx@b": a URL with ? or #`,
	} {
		s, err := cache.OpenHTTP(url)
		require.ErrorContains(t, err, want)
		require.Nil(t, s)
	}
	const badKey = "Header with a key that is not the name of a header"
	for _, key := range []string{"", "Bearer " + token, "X:", "é"} {
		_, err := cache.OpenHTTP("http://cache.test", cache.Header(key, "a"))
		require.EqualError(t, err, "cache: open http://cache.test: "+badKey)
	}
	for want, opt := range map[string]cache.HTTPOption{
		"Timeout(0s) is not positive":       cache.Timeout(0),
		"Timeout(-1ns) is not positive":     cache.Timeout(-1),
		"Client(nil)":                       cache.Client(nil),
		`Header("a", …) is not a header`:    cache.Header("a", token+"\nb: c"),
		`Header("Host", …) is not a header`: cache.Header("Host", token),
	} {
		s, err := cache.OpenHTTP("http://bob:s3cr3t@cache.test", opt)
		require.EqualError(t, err, "cache: open http://cache.test: "+want)
		require.Nil(t, s)
	}
}

// OpenHTTP makes no request, and the path of the URL may end in slashes.
func TestHTTPRequests(t *testing.T) {
	for _, path := range []string{"", "/", "/team/cache", "/team/cache//", "/with%20space"} {
		var got []*http.Request
		served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r)
			http.NotFound(w, r)
		}))
		url := strings.Replace(served.URL, "http://", "http://bob:s3cr3t%2F@", 1) + path
		s, err := cache.OpenHTTP(url, cache.Header("X-Token", token), cache.Header("x-token", "2"))
		require.NoError(t, err)
		require.Empty(t, got)
		_, err = s.Get(t.Context(), namedKey("a"), text{})
		require.ErrorIs(t, err, cache.ErrMiss)
		require.Error(t, s.Put(t.Context(), named("a", smallLen), text{}))
		served.Close()

		require.Len(t, got, 2)
		for _, r := range got {
			require.Equal(t, strings.TrimRight(path, "/")+"/ac/"+namedKey("a").String(), r.URL.EscapedPath())
			user, password, ok := r.BasicAuth()
			require.Equal(t, []any{"bob", "s3cr3t/", true}, []any{user, password, ok})
			require.Equal(t, []string{token, "2"}, r.Header["X-Token"])
			require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
			require.Equal(t, 1, r.ProtoMajor)
		}
		require.Equal(t, "application/octet-stream", got[1].Header.Get("Content-Type"))
		require.Empty(t, got[1].TransferEncoding)
	}
}

// Nothing secret goes to another host, whoever sends it there.
func TestHTTPRedirects(t *testing.T) {
	s := newServer()
	served := httptest.NewServer(s)
	defer served.Close()
	here := strings.Replace(served.URL, "127.0.0.1", "localhost", 1)
	direct, err := cache.OpenHTTP(here)
	require.NoError(t, err)
	for _, size := range []int{smallLen, largeLen} {
		e := named("a", size)
		require.NoError(t, direct.Put(t.Context(), e, text{}))
		for to, ok := range map[string]bool{"": true, here: true, served.URL: false} {
			store, err := cache.OpenHTTP(here+"/old", cache.Header("X-Token", token))
			require.NoError(t, err)
			s.setLie(func(w http.ResponseWriter, r *http.Request) bool {
				path, old := strings.CutPrefix(r.URL.Path, "/old")
				if old {
					http.Redirect(w, r, to+path, http.StatusMovedPermanently)
				}
				return old
			})
			before := s.count("GET /ac/")
			got, err := fetch(t.Context(), store, e.Meta.Key)
			if ok {
				require.NoError(t, err)
				require.Equal(t, textOf(t, e), got)
			} else {
				require.ErrorContains(t, err, "301 Moved Permanently")
				require.Equal(t, before, s.count("GET /ac/"))
			}
			require.ErrorContains(t, store.Put(t.Context(), e, text{}), "301 Moved Permanently")
			s.setLie(nil)
		}
	}
}

// A client's own settings hold, and the client stays as it was.
func TestHTTPClient(t *testing.T) {
	served := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer served.Close()
	errNo := errors.New("no redirects here")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errNo }}
	s, err := cache.OpenHTTP(served.URL, cache.Client(client))
	require.NoError(t, err)
	_, err = s.Get(t.Context(), namedKey("a"), text{})
	require.ErrorIs(t, err, errNo)
	require.Nil(t, client.Transport)
}

func TestHTTPNobodyThere(t *testing.T) {
	served := httptest.NewServer(nil)
	served.Close()
	s, err := cache.OpenHTTP(strings.Replace(served.URL, "http://", "http://bob:s3cr3t@", 1))
	require.NoError(t, err)
	errs, last := misses(t, s, 100)
	require.Equal(t, 3, errs)
	requireBlamed(t, last)
	require.ErrorContains(t, last, "; the server is left alone for ")
}

// Text about arguments may be long, but not without a bound.
func TestHTTPRecordTooLarge(t *testing.T) {
	bubble(t, func(t *testing.T, s *server, store cache.Store) {
		for size, want := range map[int]error{3 << 20: nil, 5 << 20: cache.ErrTooLarge} {
			m := &cache.Meta{Key: namedKey("a"), Version: strings.Repeat("v", size)}
			require.ErrorIs(t, store.Put(t.Context(), cache.NewEntry(m, "value"), text{}), want)
		}
		e, err := store.Get(t.Context(), namedKey("a"), text{})
		require.NoError(t, err)
		require.Len(t, e.Meta.Version, 3<<20)
		require.Equal(t, "value", textOf(t, e))
	})
}

func TestHTTPInline(t *testing.T) {
	for size, requests := range map[int]int{0: 1, 1: 1, cache.InlineMax: 1, cache.InlineMax + 1: 2} {
		bubble(t, func(t *testing.T, s *server, store cache.Store) {
			e := named("a", size)
			require.NoError(t, store.Put(t.Context(), e, text{}))
			require.Equal(t, requests, s.count("PUT"))
			got, err := fetch(t.Context(), store, e.Meta.Key)
			require.NoError(t, err)
			require.Equal(t, textOf(t, e), got)
			require.Equal(t, requests, s.count("GET"))
		})
	}
}
