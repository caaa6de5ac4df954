package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dally-go/dally/viz/record"
)

// Server is a live page with a server of its own. It is made by [Listen].
type Server struct {
	url     string
	handler *handler
	http    *http.Server
	done    chan struct{}
	err     error // Written once before done is closed
}

// Listen serves the live page of what rec sees at an address until Close, and returns at once:
//
//	page, err := live.Listen("localhost:8080", rec)
//	fmt.Println("see", page.URL())
//
// An address without a host, such as "", "8080" or ":8080", is on 127.0.0.1; port 0, or none, is any that is free. The
// page is open to other machines only if the address says so in full: "192.168.1.5:8080", or "0.0.0.0:8080" for all
// interfaces. Then everybody who reaches it can read it: there is no password. The host of the address is allowed
// beside those of [Hosts].
//
// It returns an error if the address is none, or taken. It panics if rec is nil.
func Listen(addr string, rec *record.Recorder, opts ...Option) (*Server, error) {
	o := newOptions(opts)
	h := newHandler("Listen", rec, o)
	full, err := address(addr)
	if err != nil {
		return nil, err
	}
	o.allowAddress(full)
	listener, err := net.Listen("tcp", full)
	if err != nil {
		return nil, fmt.Errorf("live: listen at %q: %w", addr, err)
	}
	s := &Server{
		url: urlOf(full, listener.Addr()), handler: h, done: make(chan struct{}),
		http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10},
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.err = fmt.Errorf("live: %w", err)
		}
	}()
	return s, nil
}

// ListenAndServe is [Listen] until ctx ends: it blocks, and then returns nil. It logs the URL of the page with
// slog.Info. It returns the errors of Listen, and what else makes the server end.
func ListenAndServe(ctx context.Context, addr string, rec *record.Recorder, opts ...Option) error {
	s, err := Listen(addr, rec, opts...)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "live: the page is open", "url", s.URL())
	select {
	case <-ctx.Done():
	case <-s.done:
	}
	return s.Close()
}

// URL is where the page is.
func (s *Server) URL() string { return s.url }

// Close tells open pages that the program ends, which takes a second at most, and ends the server. It may be called
// several times. It returns what made the server end before, if anything did.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.handler.hub.bye(nil)
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close() // clients that do not read
	}
	<-s.done
	return s.err
}

// address makes an address complete: a port alone is on 127.0.0.1.
func address(addr string) (string, error) {
	if strings.Trim(addr, "0123456789") == "" { // also one that is too large for a port
		addr = ":" + addr
	}
	if !strings.Contains(addr, ":") && (net.ParseIP(addr) != nil || strings.EqualFold(addr, "localhost")) {
		addr += ":" // another name without a port is a slip, such as "on"
	}
	host, port, err := net.SplitHostPort(addr)
	if err == nil && port == "" {
		port = "0"
	}
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || strings.ContainsAny(host, "/*@ ") {
		return "", fmt.Errorf("live: the address is %q, want a port or a host and a port: \"8080\", \"localhost:8080\", \"0.0.0.0:8080\"",
			clip(addr))
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// allowAddress allows the host that the page listens at. All interfaces are all addresses, and the machine's name.
func (o *options) allowAddress(addr string) {
	host := strings.ToLower(hostOf(addr))
	o.hosts[host] = true
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		o.anyIP = true
		if name, err := os.Hostname(); err == nil {
			o.hosts[strings.ToLower(name)] = true
		}
	}
}

// urlOf is what to type to get to the listener. All interfaces are reached under localhost, too.
func urlOf(asked string, got net.Addr) string {
	host := hostOf(asked)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(got.(*net.TCPAddr).Port)) + "/"
}
