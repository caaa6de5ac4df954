package live_test

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/record"
)

// ask has a handler answer a request. head sets Host and headers, as "Host: x".
func ask(h http.Handler, method, target string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for _, line := range head {
		key, value, _ := strings.Cut(line, ": ")
		if key == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(key, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhoMayAsk(t *testing.T) {
	rec := record.New()
	plain, named := live.Handler(rec), live.Handler(rec, live.Hosts("Build7.example.org", "10.0.0.7:99"))
	for _, c := range []struct {
		name    string
		handler http.Handler
		method  string
		head    []string
		want    int
		text    string
	}{
		{"localhost", plain, "GET", []string{"Host: localhost"}, 200, ""},
		{"upper case", plain, "GET", []string{"Host: LOCALHOST:1"}, 200, ""},
		{"below localhost", plain, "GET", []string{"Host: app.localhost:1"}, 200, ""},
		{"IPv4", plain, "GET", []string{"Host: 127.0.0.1:8080"}, 200, ""},
		{"all of 127", plain, "GET", []string{"Host: 127.1.2.3"}, 200, ""},
		{"IPv6", plain, "GET", []string{"Host: [::1]:8080"}, 200, ""},
		{"IPv6 without port", plain, "GET", []string{"Host: [::1]"}, 200, ""},
		{"HEAD", plain, "HEAD", nil, 200, ""},
		{"no host", plain, "GET", []string{"Host: "}, 403, `live.Hosts("")`},
		{"a name that is made to be 127.0.0.1", plain, "GET", []string{"Host: evil.example"}, 403, `live.Hosts("evil.example")`},
		{"a name that begins like one", plain, "GET", []string{"Host: localhost.evil.example"}, 403, ""},
		{"a name that ends like one", plain, "GET", []string{"Host: evillocalhost"}, 403, ""},
		{"a name that looks like an address", plain, "GET", []string{"Host: 127.0.0.1.evil.example"}, 403, ""},
		{"another address", plain, "GET", []string{"Host: 192.168.0.1:80"}, 403, `live.Hosts("192.168.0.1")`},
		{"hostile", plain, "GET", []string{"Host: <b>\x00"}, 403, ""},
		{"a known name", named, "GET", []string{"Host: build7.EXAMPLE.org:8080"}, 200, ""},
		{"a known address", named, "GET", []string{"Host: 10.0.0.7"}, 200, ""},
		{"another name", named, "GET", []string{"Host: build8.example.org"}, 403, ""},
		{"own origin", plain, "GET", []string{"Origin: http://localhost:8080"}, 200, ""},
		{"other port", plain, "GET", []string{"Origin: http://localhost:8081"}, 403, "another site"},
		{"other origin", plain, "GET", []string{"Origin: https://evil.example"}, 403, "another site"},
		{"null origin", plain, "GET", []string{"Origin: null"}, 403, ""},
		{"broken origin", plain, "GET", []string{"Origin: http://%zz"}, 403, ""},
		{"script of another site", plain, "GET", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"}, 403, "another site"},
		{"of the same site", plain, "GET", []string{"Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"}, 403, ""},
		{"a link elsewhere", plain, "GET", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}, 200, ""},
		{"typed", plain, "GET", []string{"Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"}, 200, ""},
		{"POST", plain, "POST", nil, 405, "GET or HEAD"},
		{"OPTIONS", plain, "OPTIONS", []string{"Origin: https://evil.example"}, 405, ""},
		{"DELETE", plain, "DELETE", nil, 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, what := range []string{"", "graph.json", "call?id=1", "events"} {
				if what == "events" && c.want == 200 {
					continue // does not end
				}
				w := ask(c.handler, c.method, "/debug/dally/"+what, c.head...)
				if what == "call?id=1" && c.want == 200 {
					require.Equal(t, 404, w.Code)
					continue
				}
				require.Equal(t, c.want, w.Code, what)
				require.Contains(t, w.Body.String(), c.text)
				require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
				require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
				require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
				require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
				require.NotEmpty(t, w.Header().Get("Content-Security-Policy"))
				require.NotContains(t, w.Body.String(), "\x00")
				if c.method == "HEAD" {
					require.Empty(t, w.Body.String())
				}
			}
		})
	}
}

// The page's policy lets no script run but the one in the page.
func TestPolicy(t *testing.T) {
	w := ask(live.Handler(record.New(), live.Title("</title><script>alert(1)</script>")), "GET", "/")
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	scripts := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(body, -1)
	require.Len(t, scripts, 1)
	sum := sha256.Sum256([]byte(scripts[0][1]))
	require.Contains(t, policy, "default-src 'none'; script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';")
	require.Contains(t, policy, "connect-src 'self'")
	require.Contains(t, policy, "frame-ancestors 'none'")
	require.NotContains(t, body, "<script>alert")
	require.NotRegexp(t, `(src|href)="https?:`, body)
}

// Wherever it is mounted, the last element of the path decides.
func TestMounts(t *testing.T) {
	h := live.Handler(record.New())
	mux := http.NewServeMux()
	mux.Handle("/debug/dally/", h)
	mux.Handle("/a/b/c/", http.StripPrefix("/a/b/c", h))
	mux.Handle("/stripped", http.StripPrefix("/stripped", h))
	mux.Handle("/stripped/", http.StripPrefix("/stripped/", h))
	mux.Handle("/noslash", h)
	for _, c := range []struct {
		handler http.Handler
		target  string
		want    int
		text    string
	}{
		{mux, "/debug/dally/", 200, "<html"},
		{mux, "/debug/dally/graph.json", 200, `"version":1`},
		{mux, "/debug/dally/graph.json?v=17", 200, `"version":1`},
		{mux, "/debug/dally/call", 400, "call?id=12"},
		{mux, "/debug/dally/call?id=-1", 400, `the id is "-1"`},
		{mux, "/debug/dally/call?id=18446744073709551616", 400, ""},
		{mux, "/debug/dally/call?id=99", 404, "no call 99"},
		{mux, "/debug/dally/nothing", 404, "ends in a slash"},
		{mux, "/debug/dally", 307, "/debug/dally/"},
		{mux, "/a/b/c/", 200, "<html"},
		{mux, "/a/b/c/graph.json", 200, `"version":1`},
		{mux, "/stripped/graph.json", 200, `"version":1`},
		{mux, "/stripped/", 200, "<html"},
		{mux, "/stripped/?x", 200, "<html"},
		{mux, "/noslash", 404, `http.Handle("/debug/dally/", live.Handler(rec))`},
		{h, "/", 200, "<html"},
		{h, "/graph.json", 200, `"version":1`},
		{h, "/x/y/", 200, "<html"},
	} {
		w := ask(c.handler, "GET", c.target)
		if w.Code == http.StatusMovedPermanently {
			w.Code = 307
		}
		require.Equal(t, c.want, w.Code, c.target)
		require.Contains(t, w.Body.String(), c.text, c.target)
	}
	w := ask(mux, "GET", "/stripped?x=1")
	require.Equal(t, 301, w.Code)
	require.Equal(t, "./stripped/", w.Header().Get("Location"))
}

func TestGzip(t *testing.T) {
	rec := record.New(record.Graphs())
	_, err := tree(100, nil).Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
	require.NoError(t, err)
	h := live.Handler(rec)
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip; q=0": "", "*": "gzip", "identity": "", "deflate;q=1, gzip;q=x": "",
	} {
		w := ask(h, "GET", "/graph.json", "Accept-Encoding: "+accept)
		require.Equal(t, want, w.Header().Get("Content-Encoding"), accept)
		require.Equal(t, "Accept-Encoding", w.Header().Get("Vary"))
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		var body io.Reader = w.Body
		if want != "" {
			body, err = gzip.NewReader(w.Body)
			require.NoError(t, err)
		}
		var k keyData
		require.NoError(t, json.NewDecoder(body).Decode(&k))
		require.Equal(t, 299, k.Calls.N)
		require.Equal(t, []string{"calls", "sources", "workers", "program"}, factNames(k.Facts)[:4], "nothing that is false soon")
	}
}

// Misuse panics where it is, and says what to write.
func TestMisuse(t *testing.T) {
	rec := record.New()
	require.PanicsWithValue(t, "live: Handler: rec is nil, want a recorder: rec := record.New(), which must also be the Observer of a session",
		func() { live.Handler(nil) })
	require.PanicsWithValue(t, `live: Hosts: "http://x/" is not the name of a host, want one like "build7.example.org": `+
		"leave scheme, path and wildcards out", func() { live.Handler(rec, live.Hosts("http://x/")) })
	require.Panics(t, func() { live.Handler(rec, live.Hosts("")) })
	require.Panics(t, func() { live.Handler(rec, live.Hosts("*")) })
	require.Panics(t, func() { live.Handler(rec, live.Option(nil)) })
	require.Panics(t, func() { _, _ = live.Listen("", nil) })
}

func factNames(facts [][2]string) (names []string) {
	for _, f := range facts {
		names = append(names, f[0])
	}
	return names
}
