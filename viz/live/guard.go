package live

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// allow reports whether the request may be answered, and answers it if not.
//
// The page is often reachable on the machine of a person who also reads other pages. One of those must not read it:
// their scripts send an Origin that is not ours, or, if their name server says that their name is 127.0.0.1, a Host that
// is not ours.
func (h *handler) allow(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("live: the method is %s, want GET or HEAD: the page only shows", clip(r.Method)))
		return false
	}
	host := strings.ToLower(hostOf(r.Host))
	if !h.opt.knows(host) {
		refuse(w, http.StatusForbidden, fmt.Sprintf("live: the page was asked for under the host name %q, which is not known to be this "+
			"machine's: ask for it under localhost or 127.0.0.1, or allow the name, live.Handler(rec, live.Hosts(%q))", clip(host), clip(host)))
		return false
	}
	if origin := r.Header.Get("Origin"); origin != "" && !sameHost(origin, r.Host) || foreign(r) {
		refuse(w, http.StatusForbidden, "live: another site's page asks for this one's data, which only pages of the same origin may: "+
			"open the page itself")
		return false
	}
	return true
}

// knows reports whether a host, in lower case, is this machine for sure.
func (o *options) knows(host string) bool {
	if o.hosts[host] || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if at := strings.IndexByte(host, '%'); at >= 0 { // a zone
		host = host[:at]
	}
	ip := net.ParseIP(host)
	return ip != nil && (o.anyIP || ip.IsLoopback())
}

// sameHost reports whether an Origin is of the host, port included, that was asked.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// foreign reports whether the browser says that another site asks, for anything but to open the page itself.
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none" && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// guard sets the headers that keep browsers from doing more than the page needs.
func guard(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // nobody is left to be told of an error
}
