package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// httpTimeout is the default of Timeout.
const httpTimeout = 5 * time.Second

// Bounds of what is sent and read, in bytes.
const (
	// httpInlineMax is how long an encoded value may be to be sent within its record, which saves a request.
	httpInlineMax = 32 << 10
	// httpRecordMax bounds a record, of which text about the arguments is the larger part.
	httpRecordMax = 4 << 20
	// httpResultMax bounds the answer that a record is in: servers add something to it.
	httpResultMax = httpRecordMax + 64<<10
)

// HTTPOption changes how OpenHTTP's store works: Timeout, ReadOnly, Client and Header make them.
type HTTPOption func(*httpStore) error

// Timeout says how long a server may let a request wait: d for the answer to begin, and d for each 512 KiB of a body, in
// both directions. What is slower has failed. So a request for n bytes lasts (3 + n/512 KiB)·d at most. The default
// is 5 s. To wait for name servers, for a connection and for what encrypts it is part of the first d.
func Timeout(d time.Duration) HTTPOption {
	return func(s *httpStore) error {
		if d <= 0 {
			return fmt.Errorf("Timeout(%v) is not positive", d)
		}
		s.timeout = d
		return nil
	}
}

// ReadOnly says that nothing is put on the server. Put then does nothing, and returns no error.
func ReadOnly() HTTPOption {
	return func(s *httpStore) error {
		s.readOnly = true
		return nil
	}
}

// Client says what requests are made with, for certificates, proxies and the like. c itself is not changed. Its
// transport has to obey the context of each request: it is how a timeout ends one. The default has connections of its
// own, speaks HTTP/1.1, and uses the proxy that the environment names.
func Client(c *http.Client) HTTPOption {
	return func(s *httpStore) error {
		if c == nil {
			return errors.New("Client(nil)")
		}
		s.client = *c
		return nil
	}
}

// Header says that every request has a header with that value, such as the token that a server asks for. Values are not
// shown in errors.
func Header(key, value string) HTTPOption {
	return func(s *httpStore) error {
		switch {
		case !isToken(key): // it is not shown either: it may be the value, in the wrong place
			return errors.New("Header with a key that is not the name of a header")
		case !isFieldValue(value) || http.CanonicalHeaderKey(key) == "Host":
			return fmt.Errorf("Header(%q, …) is not a header", key)
		}
		s.header.Add(key, value)
		return nil
	}
}

// httpStore keeps entries on a server. See OpenHTTP.
type httpStore struct {
	base     string // without user information and without a slash at its end
	header   http.Header
	client   http.Client
	timeout  time.Duration
	readOnly bool

	server  breaker // of everything
	puts    breaker // of what is put, for a server that only wants to be read
	damaged damaged
}

// OpenHTTP returns a store on a server that speaks the HTTP protocol of bazel-remote, which other servers for Bazel,
// and caches of compilers, speak, too: GET and PUT of <url>/ac/<key> and <url>/cas/<SHA-256>. Under ac is a valid
// ActionResult of the Remote Execution API. A user name and password in url are sent as basic authentication, and are
// not shown in errors. OpenHTTP makes no request; its error is about url or the options.
//
// What the server sends is believed only if its sums are right, so a server can make a program slow but not wrong. How
// slow is bounded: see Timeout for a request. After 3 failures in a row – no answer in time, no connection, an error of
// the server, an answer that is none – the server is left alone, for 5 s at first and then, while it goes on failing,
// for up to 5 min. The error of the failure that was one too many says so; until a request has shown that the server is
// back, Get returns ErrMiss and Put nil, at once. A server that asks for authentication is left alone for 5 min, and one
// that does so for Put alone gets nothing put for 5 min. That an entry is too large, or the server full, is an error of
// Put, and no failure.
//
// Put encodes values of more than 1 MiB into a temporary file, since their sum has to be sent before them; it does not
// send them if the server says that it has them, as it often does when only the version of a function has changed. The
// store needs not be closed: its connections close 30 s after their last use.
func OpenHTTP(url string, opts ...HTTPOption) (Store, error) {
	base, auth, err := parseBase(url)
	if err != nil {
		return nil, err
	}
	s := &httpStore{base: base, header: http.Header{}, timeout: httpTimeout}
	for i, o := range opts {
		if o == nil {
			return nil, fmt.Errorf("cache: open %s: option %d is nil", base, i+1)
		}
		if err := o(s); err != nil {
			return nil, fmt.Errorf("cache: open %s: %w", base, err)
		}
	}
	if auth != "" && s.header.Get("Authorization") == "" {
		s.header.Set("Authorization", auth)
	}
	if s.client.Transport == nil {
		s.client.Transport = newTransport()
	}
	s.client.CheckRedirect = redirects{s.client.CheckRedirect}.check
	return s, nil
}

// Get implements Store. The value is got from the server when the entry is asked for it, unless it is short.
func (s *httpStore) Get(ctx context.Context, key Key, codec Codec) (e Entry, err error) {
	if codec == nil {
		return Entry{}, ErrMiss
	}
	err = s.guarded(&s.server, func() error {
		e, err = s.getEntry(ctx, key, codec)
		return err
	})
	return e, missIfLeftAlone(err)
}

func (s *httpStore) getEntry(ctx context.Context, key Key, codec Codec) (Entry, error) {
	a, err := s.getResult(ctx, "/ac/"+key.String())
	if err != nil {
		return Entry{}, err
	}
	m, v, err := parseRecord(key, a.record)
	if err != nil {
		return Entry{}, fmt.Errorf("cache: get %v: %w", key, err)
	}
	if v.blob != (a.blob != nil) || v.blob && *a.blob != (blobDigest{v.sum, v.size}) {
		return Entry{}, fmt.Errorf("cache: get %v: %w", key, corrupt("the record is about another value"))
	}
	if !v.blob {
		return inlineEntry(m, bytes.Clone(v.inline), codec, func(err error) error {
			return fmt.Errorf("cache: get %v: %w", key, err)
		}), nil
	}
	return LoadedEntry(m, func(ctx context.Context) (any, error) { return s.getValue(ctx, *a.blob, codec) }), nil
}

// Put implements Store.
func (s *httpStore) Put(ctx context.Context, e Entry, codec Codec) error {
	if codec == nil {
		return ErrStays
	}
	if e.Meta == nil {
		return errors.New("cache: Put of an entry without metadata")
	}
	if s.readOnly {
		return nil
	}
	err := s.guarded(&s.server, func() error {
		return s.guarded(&s.puts, func() error { return s.putEntry(ctx, e, codec) })
	})
	if err == errLeftAlone {
		return nil
	}
	return err
}

// putEntry puts the value before the record that is about it, so that nobody finds a record without its value.
func (s *httpStore) putEntry(ctx context.Context, e Entry, codec Codec) error {
	value, err := spoolValue(ctx, e, codec)
	if err != nil {
		return err
	}
	defer value.discard()
	m := *e.Meta
	m.Size = value.size
	d := value.digest()
	a := actionResult{}
	if d.size <= httpInlineMax {
		a.record = appendRecord(nil, &m, payload{inline: value.buf.Bytes()})
	} else {
		a.record = appendRecord(nil, &m, payload{blob: true, sum: d.sum, size: d.size})
		a.blob = &d
	}
	if len(a.record) > httpRecordMax {
		return fmt.Errorf("cache: put %v: %w: the record has %d bytes", m.Key, ErrTooLarge, len(a.record))
	}
	if a.blob != nil {
		if err := s.putValue(ctx, d, value); err != nil {
			return err
		}
	}
	return s.put(ctx, "/ac/"+m.Key.String(), spoolBytes(a.appendTo(nil)))
}
