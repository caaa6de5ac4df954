// Native wraps a C function. Calls of C are calls like others: they are shared, run in parallel and are drawn. The
// program computes a checksum of some blocks on one worker and on two, and tells how much processor time that took.
//
//	go run ./examples/native -blocks 8 -rounds 20000000
//
// It needs cgo, and so a C compiler; built without, it says so.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "native:", err)
		os.Exit(1)
	}
}
