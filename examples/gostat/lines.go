package main

import (
	"bytes"
	"go/scanner"
	"go/token"
	"strings"
)

// Lines counts lines. Each is one of three: code if any part of a token stands on it, every line of a raw string
// included; else a comment, the empty lines within /* */ included; else blank.
type Lines struct{ Total, Code, Comment, Blank int }

func (l Lines) plus(m Lines) Lines {
	return Lines{l.Total + m.Total, l.Code + m.Code, l.Comment + m.Comment, l.Blank + m.Blank}
}

// The kinds of line; where two meet on one line the larger wins.
const (
	blank = iota
	comment
	code
)

// countLines counts the lines of a file that parses. A last line needs no newline to count. It scans the text a second
// time after the parser: the syntax tree does not keep where every token stood.
func countLines(src []byte) Lines {
	n := bytes.Count(src, []byte("\n"))
	if len(src) > 0 && src[len(src)-1] != '\n' {
		n++
	}
	lines := Lines{Total: n}
	for _, kind := range lineKinds(src, n) {
		switch kind {
		case code:
			lines.Code++
		case comment:
			lines.Comment++
		default:
			lines.Blank++
		}
	}
	return lines
}

func lineKinds(src []byte, n int) []byte {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", 1, len(src))
	s.Init(file, src, nil, scanner.ScanComments)
	kinds := make([]byte, n)
	at, line := 0, 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return kinds
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue // put in by the scanner, not written
		}
		kind := byte(code)
		if tok == token.COMMENT {
			kind = comment
		}
		offset := file.Offset(pos)
		line += bytes.Count(src[at:offset], []byte("\n"))
		at = offset
		for i := line; i <= line+strings.Count(lit, "\n"); i++ { // not by the end: lit comes without its \r
			kinds[i] = max(kinds[i], kind)
		}
	}
}
