package live

import (
	"fmt"
	"net"
	"strings"
)

// Option changes what [Handler], [Listen] and [ListenAndServe] show, and to whom.
type Option func(*options)

type options struct {
	title  string
	values bool
	hosts  map[string]bool // in lower case, without port
	anyIP  bool            // all literal addresses, which no name server can turn on somebody else
}

func newOptions(opts []Option) *options {
	o := &options{hosts: map[string]bool{}}
	for _, opt := range opts {
		if opt == nil {
			panic("live: an option is nil, want one that Title, Values or Hosts returned: leave it out")
		}
		opt(o)
	}
	return o
}

// Title sets the title of the page. The default is the program's name.
func Title(title string) Option { return func(o *options) { o.title = title } }

// Values shows previews of values and arguments, of a recorder that has them: record.New(record.Values()). By default
// the page shows none, for it may be open on a wall. Texts of errors are shown in any case.
func Values() Option { return func(o *options) { o.values = true } }

// Hosts adds names, or addresses, under which the page may be asked for besides localhost and loopback addresses: what
// stands in the browser's address bar, without scheme and path, such as "build7.example.org". A port is ignored. Who can
// reach the page can read it: there is no password.
//
// It panics at a name that can be no host, such as a URL.
func Hosts(names ...string) Option {
	return func(o *options) {
		for _, name := range names {
			host := strings.ToLower(hostOf(name))
			if host == "" || strings.ContainsAny(name, "/*@ ") {
				panic(fmt.Sprintf("live: Hosts: %q is not the name of a host, want one like %q: leave scheme, path and wildcards out",
					name, "build7.example.org"))
			}
			o.hosts[host] = true
		}
	}
}

// hostOf is a host without port and brackets.
func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	if inner, ok := strings.CutPrefix(hostport, "["); ok {
		return strings.TrimSuffix(inner, "]")
	}
	return hostport
}
