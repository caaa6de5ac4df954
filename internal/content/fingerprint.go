package content

import (
	"crypto/sha256"
	"reflect"
	"strconv"
	"sync"
)

var fingerprints sync.Map // reflect.Type to [32]byte

// fingerprint returns the SHA-256 of a description of t: its package path, name and structure, with the names, tags and
// types of fields, and the same of all types that it is made of. It is the same on all machines.
func fingerprint(t reflect.Type) [32]byte {
	if sum, ok := fingerprints.Load(t); ok {
		return sum.([32]byte)
	}
	p := printer{seen: make(map[reflect.Type]int)}
	p.add(t)
	sum := sha256.Sum256(p.text)
	fingerprints.Store(t, sum)
	return sum
}

// printer describes types as text. seen are the named ones that it has met, numbered in that order.
type printer struct {
	text []byte
	seen map[reflect.Type]int
}

func (p *printer) add(t reflect.Type) {
	if t.Name() != "" {
		if i, ok := p.seen[t]; ok {
			p.text = append(p.text, '#')
			p.number(i)
			return
		}
		p.seen[t] = len(p.seen)
		p.quoted(t.PkgPath())
		p.quoted(t.Name())
		if namedOnly(t) {
			return
		}
	}
	p.structure(t)
}

// namedOnly reports whether the structure of a type is left out: that of predeclared types is known, and a few of the
// standard library may change theirs from one version to the next, while their values stay what they are.
func namedOnly(t reflect.Type) bool {
	return t.PkgPath() == "" || t == timeType || t == rtypeType.Elem() || t.PkgPath() == "net/netip"
}

func (p *printer) structure(t reflect.Type) {
	p.text = append(p.text, t.Kind().String()...)
	p.text = append(p.text, ' ')
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		p.add(t.Elem())
	case reflect.Array:
		p.number(t.Len())
		p.add(t.Elem())
	case reflect.Chan:
		p.number(int(t.ChanDir()))
		p.add(t.Elem())
	case reflect.Map:
		p.add(t.Key())
		p.add(t.Elem())
	case reflect.Func:
		p.signature(t)
	case reflect.Struct:
		p.fields(t)
	case reflect.Interface:
		// Asking for its methods would make the linker keep all exported methods of all types in every program that uses
		// this package. The text of an unnamed interface has its methods; of a named one, the name is what there is.
		p.quoted(t.String())
	}
}

func (p *printer) fields(t reflect.Type) {
	p.number(t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		p.quoted(f.Name)
		p.quoted(f.PkgPath)
		p.quoted(string(f.Tag))
		p.text = strconv.AppendBool(p.text, f.Anonymous)
		p.add(f.Type)
	}
}

func (p *printer) signature(t reflect.Type) {
	p.number(t.NumIn())
	for i := range t.NumIn() {
		p.add(t.In(i))
	}
	p.number(t.NumOut())
	for i := range t.NumOut() {
		p.add(t.Out(i))
	}
	p.text = strconv.AppendBool(p.text, t.IsVariadic())
}

func (p *printer) quoted(s string) { p.text = strconv.AppendQuote(p.text, s) }

func (p *printer) number(n int) {
	p.text = strconv.AppendInt(p.text, int64(n), 10)
	p.text = append(p.text, ';')
}
