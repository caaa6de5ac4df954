package main

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// change gives an input a value.
type change struct {
	input *input
	value float64
}

func (c change) set() { c.input.set(c.value) }

// String is the change to come: "steel 2.8 → 3".
func (c change) String() string {
	return fmt.Sprintf("%s %s → %s", c.input.name, plain(c.input.value), plain(c.value))
}

// parseAll reads changes of the form name=value. The last one of an input counts.
func (ins inputs) parseAll(texts []string) ([]change, error) {
	var all []change
	for _, text := range texts {
		changes, err := ins.parse(text)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			all = slices.DeleteFunc(all, func(d change) bool { return d.input == c.input })
			all = append(all, c)
		}
	}
	return all, nil
}

// parse reads name=value, where the name may be a pattern.
func (ins inputs) parse(text string) ([]change, error) {
	name, value, ok := strings.Cut(text, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" || value == "" {
		return nil, fmt.Errorf("%q is no change: want name=value, such as steel=3 or steel=+5%%", text)
	}
	found, err := ins.find(name)
	if err != nil {
		return nil, err
	}
	var changes []change
	for _, in := range found {
		v, err := in.parse(value)
		if err != nil {
			return nil, err
		}
		changes = append(changes, change{in, v})
	}
	return changes, nil
}

// find returns the inputs that a name or a pattern stands for.
func (ins inputs) find(name string) (found []*input, err error) {
	for _, in := range ins {
		match, err := path.Match(name, in.name)
		if err != nil {
			return nil, fmt.Errorf("%q is no pattern: %w", name, err)
		}
		if match {
			found = append(found, in)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	if near := ins.near(name); len(near) > 0 {
		return nil, fmt.Errorf("nothing is called %q; there is %s", name, strings.Join(near, ", "))
	}
	return nil, fmt.Errorf("nothing is called %q; -list shows what there is", name)
}

// parse reads a value: a number, or with a sign and a % one that is relative to the present.
func (in *input) parse(text string) (float64, error) {
	digits, relative := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(digits, 64)
	signed := strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-")
	switch {
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		return 0, fmt.Errorf("%s=%s: want a number, such as %s or +5%%", in.name, text, plain(in.value))
	case relative && !signed:
		return 0, fmt.Errorf("%s=%s: want a sign, as in +%s or -%s", in.name, text, text, text)
	case relative:
		v = math.Round(in.value*(100+v)*1e6) / 1e8
	}
	if v < in.min || v > in.max {
		return 0, fmt.Errorf("%s=%s: %s is not from %s to %s", in.name, text, plain(v), plain(in.min), plain(in.max))
	}
	return v, nil
}

// near returns the names that are most like a wrong one.
func (ins inputs) near(name string) []string {
	type candidate struct {
		name string
		far  int
	}
	var all []candidate
	for _, in := range ins {
		far := distance(name, in.name)
		for _, part := range strings.Split(in.name, ".") {
			far = min(far, distance(name, part)+1) // the name as a whole comes first
		}
		if far <= max(1, len(name)/3) {
			all = append(all, candidate{in.name, far})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	const most = 4
	var names []string
	for _, c := range all[:min(most, len(all))] {
		names = append(names, c.name)
	}
	return names
}

// distance is how many letters have to be changed, added or left out to make a of b (Levenshtein).
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
