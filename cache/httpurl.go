package cache

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// parseBase returns a URL without its user information and without slashes at its end, and what its user information is
// as the header Authorization.
func parseBase(raw string) (base, auth string, err error) {
	u, err := url.Parse(raw)
	if err == nil {
		err = checkBase(u)
	}
	if err != nil {
		return "", "", fmt.Errorf("cache: open %q: %w", redacted(raw), withoutURL(raw, err))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	u.User = nil
	return strings.TrimRight(u.String(), "/"), auth, nil
}

func checkBase(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("not a URL that begins with http:// or https://")
	case u.Hostname() == "":
		return errors.New("no host in the URL")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("a URL with ? or #, after which there can be no path")
	case strings.Contains(u.Path, "@"):
		return errors.New("an @ in the path of the URL: in a password / is %2F")
	}
	return nil
}

// redacted hides what stands before the last @, which may be a password in part or as a whole, whether or not raw is a
// URL.
func redacted(raw string) string {
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return raw
	}
	scheme, _, ok := strings.Cut(raw[:at], "://")
	if !ok {
		return "xxxxx" + raw[at:]
	}
	return scheme + "://xxxxx" + raw[at:]
}

// withoutURL returns the cause of an error of package url, unless that may quote a part of a password.
func withoutURL(raw string, err error) error {
	var parse *url.Error
	if !errors.As(err, &parse) {
		return err
	}
	if strings.Contains(raw, "@") {
		return errors.New("not a URL")
	}
	return parse.Err
}

// newTransport returns what requests are made with by default. With HTTP/1.1 a connection that hangs takes one request
// with it; with HTTP/2 all that come after have it, too.
func newTransport() *http.Transport {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	return t
}

// redirects follows a few redirects on one host: others would show a password to whom it was not meant for, and what
// is put would become a GET on the way.
type redirects struct {
	next func(*http.Request, []*http.Request) error // the client's own, or nil
}

func (r redirects) check(req *http.Request, via []*http.Request) error {
	const most = 3
	first := via[0]
	switch {
	case len(via) > most,
		first.Method == http.MethodPut,
		req.URL.Hostname() != first.URL.Hostname(),
		req.URL.Scheme != first.URL.Scheme && req.URL.Scheme != "https":
		return http.ErrUseLastResponse
	case r.next != nil:
		return r.next(req, via)
	}
	return nil
}

// isToken reports whether key can be the name of a header.
func isToken(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// isFieldValue reports whether value can be that of a header.
func isFieldValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
