package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"time"
)

// broken is the station that cannot be measured.
const broken = "broken"

// script is the child: it does what one of the scripts would.
//
//	script measure STATION PAUSE   waits, then prints the station and what was measured there
//	script join                    reads such lines, and prints them in order, with their sum
func script(in io.Reader, out io.Writer, args []string) error {
	switch {
	case len(args) == 3 && args[0] == "measure":
		return measure(out, args[1], args[2])
	case len(args) == 1 && args[0] == "join":
		return join(in, out)
	}
	return fmt.Errorf("script %q: want measure STATION PAUSE, or join", args)
}

func measure(out io.Writer, station, pause string) error {
	d, err := time.ParseDuration(pause)
	if err != nil {
		return err
	}
	if station == broken {
		return fmt.Errorf("no answer from station %s", station)
	}
	time.Sleep(d)
	value := 0
	for _, letter := range station {
		value = (value*31 + int(letter)) % 100
	}
	_, err = fmt.Fprintln(out, station, value)
	return err
}

func join(in io.Reader, out io.Writer) error {
	var lines []string
	sum := 0
	for s := bufio.NewScanner(in); s.Scan(); {
		var station string
		var value int
		if _, err := fmt.Sscan(s.Text(), &station, &value); err != nil {
			return fmt.Errorf("line %q: %w", s.Text(), err)
		}
		lines = append(lines, s.Text())
		sum += value
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	_, err := fmt.Fprintln(out, "sum", sum)
	return err
}
