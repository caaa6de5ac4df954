package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/dally-go/dally/lazy"
)

var (
	regions = []string{"eu", "uk", "us", "br", "jp"}
	months  = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)

// input is one thing that the plan assumes: a source with a name.
type input struct {
	name     string
	about    string
	value    float64 // the present one
	min, max float64
	data     number
}

func (in *input) set(v float64) {
	in.value = v
	in.data.Set(v)
}

// inputs are all of them.
type inputs []*input

// add makes an input and returns its handle.
func (ins *inputs) add(name, about string, value, lo, hi float64) number {
	in := &input{name: name, about: about, value: value, min: lo, max: hi, data: lazy.Source(name, value)}
	*ins = append(*ins, in)
	return in.data
}

// addEach makes an input per name: "wage.eu", "wage.uk", …
func (ins *inputs) addEach(what, about string, names []string, values []float64, lo, hi float64) []number {
	var ds []number
	for i, name := range names {
		ds = append(ds, ins.add(what+"."+name, about, values[i], lo, hi))
	}
	return ds
}

// list prints the inputs, a line each.
func (ins inputs) list(w io.Writer) {
	for _, in := range ins {
		fmt.Fprintf(w, "%-18s %9s  %s\n", in.name, plain(in.value), in.about)
	}
}

// plain writes a number with no more digits than it has.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// assumptions are the inputs by what they are about.
type assumptions struct {
	price, popularity                 []number // by model
	rate, market, wage, freight, rent []number // by region
	season                            []number // by month
	elasticity, lot, truck            number
	steel, parts, target, tax         number
}

// assume makes the inputs.
func assume(ins *inputs) assumptions {
	var models []string
	var prices []float64
	for _, b := range bicycles {
		models, prices = append(models, b.model), append(prices, b.usual)
	}
	return assumptions{
		price:      ins.addEach("price", "price of the model, €", models, prices, 1, 1e6),
		popularity: ins.addEach("popularity", "the model's share of the market, %", models, []float64{31, 8, 22, 4, 9, 11, 2, 13}, 0, 100),
		rate:       ins.addEach("rate", "a euro in the region's money", regions, []float64{1, 0.86, 1.08, 5.4, 162}, 0.001, 1e6),
		market:     ins.addEach("market", "bicycles that the region buys in a month", regions, []float64{5200, 1900, 4400, 1500, 2600}, 0, 1e9),
		wage:       ins.addEach("wage", "an hour of work, €", regions, []float64{27, 24, 25, 9, 21}, 0, 1e4),
		freight:    ins.addEach("freight", "a truck to the shops, €", regions, []float64{1800, 2600, 5400, 6200, 5900}, 0, 1e6),
		rent:       ins.addEach("rent", "rent and salaries in a month, €", regions, []float64{310e3, 120e3, 280e3, 60e3, 150e3}, 0, 1e9),
		season: ins.addEach("season", "demand in the month; 1 is the average", months,
			[]float64{0.4, 0.5, 0.9, 1.3, 1.6, 1.7, 1.5, 1.3, 1, 0.7, 0.5, 0.6}, 0, 100),
		elasticity: ins.add("elasticity", "how many % less are sold if the price is 1 % higher", 1.4, 0, 10),
		lot:        ins.add("lot", "bicycles in a lot", 20, 1, 1e6),
		truck:      ins.add("truck", "lots on a truck", 4, 1, 1e6),
		steel:      ins.add("steel", "a kg of steel, €", 2.8, 0, 1e4),
		parts:      ins.add("parts", "what is bought, % of the usual price", 38, 0, 100),
		target:     ins.add("target", "profit in a year from which on a region gets a bonus, €", 6e6, 0, 1e12),
		tax:        ins.add("tax", "tax on profit, %", 28, 0, 100),
	}
}
