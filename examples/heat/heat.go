package main

import (
	"context"
	"math"
	"slices"

	"github.com/dally-go/dally/comm"
)

// problem is a square plate with Size x Size points inside of its edges. The upper edge has 100 degrees, the others 0.
type problem struct {
	Size, Steps int
	Enough      float64
}

const warm = 100

// result is a plate, or a band of it: rows with the two edges, without the upper and the lower one.
type result struct {
	Steps  int
	Change float64 // the greatest of the last step
	Rows   [][]float64
}

// equals compares bit for bit.
func (r result) equals(other result) bool {
	return r.Steps == other.Steps && r.Change == other.Change && slices.EqualFunc(r.Rows, other.Rows, slices.Equal[[]float64])
}

// warmth is the mean of the plate, and how many of its rows are warmer than one degree in the middle.
func (r result) warmth() (mean float64, reach int) {
	points := 0
	for _, row := range r.Rows {
		inside := row[1 : len(row)-1]
		for _, v := range inside {
			mean += v
		}
		points += len(inside)
		if inside[len(inside)/2] > 1 {
			reach++
		}
	}
	return mean / float64(points), reach
}

// plate is rows lo … hi-1 of the inside, with the rows before and behind them.
func (p problem) plate(lo, hi int) [][]float64 {
	rows := make([][]float64, hi-lo+2)
	for i := range rows {
		rows[i] = make([]float64, p.Size+2)
	}
	if lo == 0 {
		for j := range rows[0] {
			rows[0][j] = warm
		}
	}
	return rows
}

// step computes the inside of to from that of from, and returns the greatest change.
func step(to, from [][]float64) (change float64) {
	for i := 1; i < len(from)-1; i++ {
		above, here, below, out := from[i-1], from[i], from[i+1], to[i]
		for j := 1; j < len(here)-1; j++ {
			out[j] = (above[j] + below[j] + here[j-1] + here[j+1]) / 4
			change = max(change, math.Abs(out[j]-here[j]))
		}
	}
	return change
}

// serial is the plain program.
func serial(p problem) (r result) {
	now, next := p.plate(0, p.Size), p.plate(0, p.Size)
	for r.Steps < p.Steps {
		r.Change = step(next, now)
		now, next = next, now
		if r.Steps++; r.Change <= p.Enough {
			break
		}
	}
	r.Rows = now[1 : len(now)-1]
	return r
}

// band is the same for one rank, which has its share of the rows.
func band(ctx context.Context, c *comm.Comm, p problem) (r result, err error) {
	lo, hi := p.Size*c.Rank()/c.Size(), p.Size*(c.Rank()+1)/c.Size()
	now, next := p.plate(lo, hi), p.plate(lo, hi)
	for r.Steps < p.Steps {
		if err = exchange(ctx, c, now); err != nil {
			return r, err
		}
		r.Change = step(next, now)
		now, next = next, now
		if r.Change, err = comm.AllReduce(ctx, c, r.Change, greater); err != nil {
			return r, err
		}
		if r.Steps++; r.Change <= p.Enough {
			break
		}
	}
	r.Rows = now[1 : len(now)-1]
	return r, nil
}

func greater(a, b float64) float64 { return max(a, b) }

// Tags of rows on their way to the rank that has the rows above, and to the one below.
const (
	up = iota
	down
)

// exchange sends the first and the last row to the neighbours, and gets theirs. What is sent belongs to the receiver, so
// copies are sent.
func exchange(ctx context.Context, c *comm.Comm, rows [][]float64) error {
	above, below := c.Rank()-1, c.Rank()+1
	last := len(rows) - 1
	if above >= 0 {
		if err := comm.Send(ctx, c, above, up, slices.Clone(rows[1])); err != nil {
			return err
		}
	}
	if below < c.Size() {
		if err := comm.Send(ctx, c, below, down, slices.Clone(rows[last-1])); err != nil {
			return err
		}
		if _, err := comm.RecvInto(ctx, c, below, up, rows[last]); err != nil {
			return err
		}
	}
	if above >= 0 {
		if _, err := comm.RecvInto(ctx, c, above, down, rows[0]); err != nil {
			return err
		}
	}
	return nil
}
