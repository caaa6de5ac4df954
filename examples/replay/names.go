package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dally-go/dally/examples/replay/wf"
)

// number is what tells tasks of the same name apart: _17 or, of another tracer, _ID0000017.
var number = regexp.MustCompile(`_(ID)?[0-9]+$`)

// category is what tasks have in common that do the same: the name of their program or, where a whole script stands in
// its place, the name of the task without its number.
func category(t wf.Task) string {
	if fields := strings.Fields(t.Program); len(fields) == 1 {
		return path.Base(fields[0])
	}
	name := t.Name
	if name == "" {
		name = t.ID
	}
	if short := number.ReplaceAllString(name, ""); short != "" {
		return short
	}
	return name
}

// cardMax is how long a name may be, in runes, to be legible on a card.
const cardMax = 24

// callNames are the names of the calls of each category. Of dotted names that are too long for a card they are the last
// elements, as many as it takes to tell the categories apart.
func callNames(categories []string) map[string]string {
	names := make(map[string]string)
	ends := make(map[string]int) // how many categories end so
	for _, c := range categories {
		if _, ok := names[c]; !ok {
			names[c] = c
			for _, end := range dottedEnds(c) {
				ends[end]++
			}
		}
	}
	for c := range names {
		names[c] = brief(c, func(end string) bool { return ends[end] == 1 })
	}
	return names
}

// brief is the first end that will do of a dotted name that is too long for a card.
func brief(name string, willDo func(end string) bool) string {
	if utf8.RuneCountInString(name) > cardMax {
		for _, end := range dottedEnds(name) {
			if end != "" && willDo(end) {
				return end
			}
		}
	}
	return name
}

// dottedEnds are the last element of a dotted name, the last two, and so on to the whole name.
func dottedEnds(name string) []string {
	var ends []string
	for i, b := range slices.Backward([]byte(name)) {
		if b == '.' {
			ends = append(ends, name[i+1:])
		}
	}
	return append(ends, name)
}

// shorten leaves out the middle of what is longer than so many runes, for names often differ at the end, and shows what
// cannot be printed as a dot.
func shorten(s string, runesMax int) string {
	runes := []rune(s)
	if len(runes) > runesMax {
		tail := runesMax / 2
		head := runesMax - 1 - tail
		runes = append(append(runes[:head:head], '…'), runes[len(runes)-tail:]...)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, string(runes))
}
