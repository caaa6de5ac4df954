package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html"
	"io"
	"strings"
)

//go:embed page.html page.css *.js
var files embed.FS

// parts are the files of the script, in order.
var parts = []string{
	"base.js", "data.js", "lanes.js", "view.js", "search.js", "head.js", "cards.js", "cells.js", "timeline.js", "tables.js",
	"list.js", "details.js", "live.js", "main.js",
}

// Pages, cut where the title, and where the data go. Written once, when the package is loaded.
var (
	static = newFrame(false)
	live   = newFrame(true)
)

// frame is a page without title and data.
type frame struct{ head, middle, tail string }

func newFrame(live bool) frame {
	script := "\"use strict\";(() => {\n"
	for _, name := range parts {
		script += read(name)
	}
	script += "})();\n"
	attribute, connect := "", "'none'"
	if live {
		attribute, connect = " data-live", "'self'"
	}
	style := read("page.css")
	page := strings.NewReplacer(
		"{{live}}", attribute,
		"{{connect}}", connect,
		"{{scripthash}}", hash(script),
		"{{stylehash}}", hash(style),
		"{{style}}", style,
		"{{script}}", script,
	).Replace(read("page.html"))
	head, rest, _ := strings.Cut(page, "{{title}}")
	middle, tail, _ := strings.Cut(rest, "{{data}}")
	return frame{head, middle, tail}
}

// hash is how the policy of the page names what may be in it.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// read panics where a file is missing, which a test of this package finds.
func read(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("page: " + err.Error())
	}
	return string(b)
}

// Write writes the page. The data function writes the JSON that the page shows; if it is nil, it is the live page, which
// gets them from graph.json beside it. Write returns the first error of w or of data; the page is then cut short.
//
// Nothing in title or data can end the element that it stands in: the title is escaped, and in the data every < becomes
// \u003c, which is the same to JSON. A policy in the page lets no script and no style but its own work, and lets the
// script reach no server but the one that sent the page; the static page reaches none.
func Write(w io.Writer, title string, data func(io.Writer) error) error {
	f := static
	if data == nil {
		f = live
	}
	if _, err := io.WriteString(w, f.head+html.EscapeString(title)+f.middle); err != nil {
		return err
	}
	if data != nil {
		if err := data(&escaper{w: w}); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, f.tail)
	return err
}

// escaper writes every < as \u003c. JSON has < in strings only, and there both mean the same.
type escaper struct {
	w   io.Writer
	buf []byte
}

// Write is for an io.Writer: n counts bytes of p. It keeps nothing of p.
func (e *escaper) Write(p []byte) (n int, err error) {
	e.buf = e.buf[:0]
	for _, c := range p {
		if c == '<' {
			e.buf = append(e.buf, `\u003c`...)
		} else {
			e.buf = append(e.buf, c)
		}
	}
	if _, err := e.w.Write(e.buf); err != nil {
		return 0, err // how much of p went out cannot be told in bytes of p
	}
	return len(p), nil
}
