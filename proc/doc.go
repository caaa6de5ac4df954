// Package proc runs commands as lazy calls.
//
//	header := proc.Command("head", "-n1", "names.csv")
//	sorted := proc.Command("sort", "-u", proc.Open("names.csv"))
//	v, err := lazy.Get2(ctx, header, sorted) // both processes at the same time
package proc
