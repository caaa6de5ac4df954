package main

import "fmt"

// result is what came of a trace.
type result struct {
	gets, hits, puts int
	// seconds is how long everything that was not kept takes to compute.
	seconds float64
}

// replay asks a contestant for what the trace has, and gives it what it does not have, as a program would that computes
// it. It returns an error if the contestant has something else, or what it was not given.
func replay(t *trace, c contestant) (r result, err error) {
	given := make([]bool, len(t.objects))
	var ask func(int) error
	ask = func(i int) error {
		r.gets++
		if value, ok := c.get(i); ok {
			r.hits++
			if value != i || !given[i] {
				return fmt.Errorf("%s: object %d was got as %d; it was given: %v", t.name, i, value, given[i])
			}
			return nil
		}
		for _, in := range t.objects[i].inputs {
			if err := ask(in); err != nil {
				return err
			}
		}
		r.puts++
		r.seconds += t.objects[i].cost.Seconds()
		given[i] = true
		return c.put(i, t.objects[i])
	}
	for _, i := range t.requests {
		if err := ask(i); err != nil {
			return result{}, err
		}
	}
	if r.hits+r.puts != r.gets {
		return result{}, fmt.Errorf("%s: %d hits and %d puts of %d gets", t.name, r.hits, r.puts, r.gets)
	}
	return r, nil
}
